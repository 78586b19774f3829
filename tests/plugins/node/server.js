// A KV-cache compressor as a kvwire plug-in: the upper half of every float32, which is a bfloat16,
// and with window=N only of the last N tokens once their scale is closed.
const crypto = require('crypto');
const grpc = require('@grpc/grpc-js');
const definition = require('@grpc/proto-loader').loadSync('kvwire/v1/algorithm.proto', {
  includeDirs: [`${__dirname}/../../../proto`], keepCase: true, longs: Number, defaults: true });
const { AlgorithmService } = grpc.loadPackageDefinition(definition).kvwire.v1;
const [PIECE, MEMORY_LIMIT, CHECKSUM, Status] = [2 ** 20, 2 ** 30, 8, grpc.status];
const sha256 = (data) => crypto.createHash('sha256').update(data).digest().subarray(0, CHECKSUM);
const refuse = (code, details) => { throw Object.assign(new Error(details), { code, details }); };

class UpperHalfCache { // the compressor; its state is `count` and 2 d halves a token
  constructor(dims, window, limit) {
    Object.assign(this, { dims, window, limit, count: 0, closed: true, halves: new Uint16Array(0) });
  }

  // What is left once the scale is closed.
  kept() { return this.window > 0 ? this.halves.slice(-2 * this.window * this.dims) : this.halves; }

  append(rows, matrices, closesScale) {
    if (rows === 0 && !closesScale) return;
    const old = this.closed ? this.kept() : this.halves;
    const length = old.length + 2 * rows * this.dims;
    if (2 * length > this.limit) refuse(Status.RESOURCE_EXHAUSTED, `over ${this.limit} bytes`);
    const halves = new Uint16Array(length); // not before it is known to be allowed
    halves.set(old);
    matrices.forEach((matrix, which) => new Uint16Array(matrix.buffer).forEach((half, i) => {
      const [row, column] = [Math.floor(i / 2 / this.dims), Math.floor(i / 2) % this.dims];
      if (i % 2 === 1) halves[old.length + (2 * row + which) * this.dims + column] = half;
    }));
    Object.assign(this, { halves, count: this.count + rows, closed: closesScale });
  }

  attend(query) {
    const d = this.dims;
    const numbers = new Float32Array(Uint32Array.from(this.halves, (half) => half << 16).buffer);
    const weights = new Float64Array(numbers.length / (2 * d)).map((_, t) => query.reduce(
      (sum, q, j) => sum + q * numbers[2 * d * t + j], 0)); // the scores, at first
    const most = weights.reduce((a, b) => Math.max(a, b));
    weights.forEach((score, t) => { weights[t] = Math.exp(score - most); });
    const total = weights.reduce((a, b) => a + b);
    return query.map((_, j) => weights.reduce(
      (sum, weight, t) => sum + weight * numbers[2 * d * t + d + j], 0) / total);
  }

  snapshot() { // a line of text, the halves, a checksum of both
    const line = Buffer.from(`UPPER 1 ${this.dims} ${this.window} ${this.count}\n`);
    const body = Buffer.concat([line, Buffer.from(this.kept().slice().buffer)]);
    return Buffer.concat([body, sha256(body)]);
  }

  restore(data) {
    const [body, checksum] = [data.subarray(0, -CHECKSUM), data.subarray(-CHECKSUM)];
    const fields = /^UPPER 1 (\d+) (\d+) (\d+)\n/.exec(body.toString('latin1', 0, 64));
    if (!fields || !checksum.equals(sha256(body))) {
      refuse(Status.DATA_LOSS, 'this is no whole, unaltered snapshot of version 1');
    }
    const [dims, window, count] = fields.slice(1).map(Number);
    if (dims !== this.dims || window !== this.window) {
      refuse(Status.FAILED_PRECONDITION, `a snapshot of d = ${dims} and window = ${window}`);
    }
    const bytes = new Uint8Array(body.subarray(fields[0].length)); // a copy, so it is aligned
    const due = 4 * dims * Math.min(count, window || count);
    if (bytes.length !== due) refuse(Status.DATA_LOSS, `${bytes.length} bytes where ${due} are due`);
    if (due > this.limit) refuse(Status.RESOURCE_EXHAUSTED, `over ${this.limit} bytes`);
    Object.assign(this, { count, halves: new Uint16Array(bytes.buffer) });
  }
}

const [processId, sessions] = [crypto.randomInt(1, 2 ** 47), new Map()];
const find = (id) => sessions.get(id) || refuse(Status.NOT_FOUND, `there is no session ${id}`);

function opened(cache) {
  const id = crypto.randomInt(1, 2 ** 47);
  sessions.set(id, cache);
  return { session_id: id, state_bits: 16 * cache.kept().length };
}

function create({ protocol_version: version, parameters, memory_limit_bytes: asked }) {
  if (version !== 1) refuse(Status.FAILED_PRECONDITION, `protocol version ${version} is not 1`);
  const { algorithm, dims, attention } = parameters || { algorithm: '' };
  const spec = /^upper(:window=(0|[1-9]\d{0,8}))?$/.exec(algorithm);
  if (!spec || !(dims >= 1 && dims <= 65536) || attention > 1) {
    refuse(Status.INVALID_ARGUMENT, `upper:window=N, no tensors; not ${algorithm.slice(0, 64)}`);
  }
  return new UpperHalfCache(dims, Number(spec[2] || 0), Math.min(asked || MEMORY_LIMIT, MEMORY_LIMIT));
}

function matrix(data, rows, width, least = 0) { // [rows, width] numbers; none where all are zero
  if (rows < least || (data.length !== rows * width * 4 && data.length + least > 0)) {
    refuse(Status.INVALID_ARGUMENT, `${data.length} bytes are not ${rows} x ${width} numbers`);
  }
  const numbers = new Float32Array(new Uint8Array(data).buffer);
  return numbers.every(Number.isFinite) ? numbers : refuse(Status.INVALID_ARGUMENT, 'not finite');
}

// A method: `take` looks at each request and may write responses, `end` returns the last one.
const method = (take, end = () => ({})) => (call, callback) => {
  const stream = { pieces: [], bytes: 0, write: (response) => call.write(response) };
  const finish = callback || ((error) => (error ? call.emit('error', error) : call.end()));
  const attempt = (step) => {
    try { if (!stream.failed) step(); } catch (error) { stream.failed = true; finish(error); }
  };
  const taken = (request) => attempt(() => take(stream, request));
  const ended = () => attempt(() => finish(null, end(stream)));
  if (!call.request) return call.on('data', taken).on('end', ended);
  return [taken(call.request), ended()];
};

const server = new grpc.Server();
server.addService(AlgorithmService.service, {
  Describe: method(() => {}, () => ({ protocol_version: 1, process_id: processId, algorithms: [{
    name: 'upper', summary: '16 bits a number', reference: 'an example', options: [{
      key: 'window', default_value: '0', meaning: 'tokens kept of closed scales; 0: all' }] }] })),
  Open: method((stream, request) => { stream.cache = create(request); }, ({ cache }) => opened(cache)),
  Ingest: method((stream, { session_id: id, rows, queries, keys, values, closes_scale: closes }) => {
    stream.cache = stream.cache || find(id);
    const matrices = [queries, keys, values].map((data) => matrix(data, rows, stream.cache.dims));
    stream.cache.append(rows, matrices.slice(1), closes);
  }, ({ cache = find(0) }) => ({ token_count: cache.count, state_bits: 16 * cache.kept().length })),
  Snapshot: method(({ write }, { session_id: id }) => {
    const data = find(id).snapshot();
    for (let k = 0; k < data.length; k += PIECE) write({ data: data.subarray(k, k + PIECE) });
  }),
  Restore: method((stream, { open, data }) => {
    if (!open === !stream.cache) refuse(Status.INVALID_ARGUMENT, 'the first request opens, no other');
    stream.cache = stream.cache || create(open);
    stream.pieces.push(data);
    if ((stream.bytes += data.length) > MEMORY_LIMIT) refuse(Status.RESOURCE_EXHAUSTED, 'too long');
  }, ({ cache = refuse(Status.INVALID_ARGUMENT, 'nothing to open'), pieces }) => {
    cache.restore(Buffer.concat(pieces));
    return opened(cache);
  }),
  Attend: method((stream, { session_id: id, rows, queries }) => {
    stream.cache = stream.cache || find(id);
    const { dims, halves } = stream.cache;
    const numbers = matrix(queries, rows, dims, 1);
    if (halves.length === 0) refuse(Status.FAILED_PRECONDITION, 'no token was appended yet');
    stream.write({ outputs: Buffer.concat(Array.from({ length: rows }, (_, row) => Buffer.from(
      stream.cache.attend(numbers.subarray(row * dims, (row + 1) * dims)).buffer))) });
  }),
  Close: method((_, { session_id: id }) => { sessions.delete(id); }),
});

const listen = process.argv[2] || '127.0.0.1:7105';
server.bindAsync(listen, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening ${listen.slice(0, listen.lastIndexOf(':'))}:${port}`);
});
