"use strict";

const assert = require("node:assert");
const { test } = require("node:test");
const { readManifests, schemaError, unknownKeys } = require("./manifests.js");
const { mayReach } = require("./reach.js");

const manifests = readManifests();
const objects = manifests.map(({ object }) => object);
const ofKind = (kind) => objects.filter((object) => object.kind === kind);
const named = (kind, name) => ofKind(kind).find((object) => object.metadata.name === name);
const podOf = (object) => object.spec.template;
const container = (object) => podOf(object).spec.containers[0];
const workloads = [...ofKind("Deployment"), ...ofKind("Job")];

test("every manifest follows the schema of its kind", async () => {
  assert.ok(manifests.length >= 15, `${manifests.length} manifests`);
  for (const manifest of manifests) {
    assert.equal(await schemaError(manifest), null, manifest.name);
  }
});

test("no manifest has a key that its kind does not", () => {
  assert.deepEqual(unknownKeys(manifests), []);
});

test("a manifest that is wrong is found out", async () => {
  const spoil = (change) => {
    const job = structuredClone(manifests.find(({ object }) => object.metadata.name === "sweep"));
    change(job.object.spec);
    return job;
  };
  const wrong = [
    (spec) => (spec.completions = "16"),
    (spec) => (spec.completionMode = "indexed"),
    (spec) => delete spec.template.spec.containers[0].name,
    (spec) => (spec.podFailurePolicy.rules[0].action = "ignore"),
  ];
  for (const change of wrong) {
    assert.notEqual(await schemaError(spoil(change)), null, String(change));
  }
  const misspelt = [
    spoil((spec) => (spec.paralelism = 8)),
    spoil((spec) => (spec.template.spec.containers[0].livenessProbe = { grcp: { port: 1 } })),
  ];
  assert.match(unknownKeys(misspelt).join("\n"), /paralelism[^]*grcp/);
});

test("nothing may be reached but along the edges of the reduction", () => {
  const policies = ofKind("NetworkPolicy");
  const pods = workloads.map((workload) => podOf(workload).metadata.labels.app);
  const allowed = [];
  for (const from of new Set(pods)) {
    for (const to of new Set(pods)) {
      for (const port of [7001, 7002, 7003, 7004]) {
        if (mayReach(policies, { app: from }, { app: to }, port)) {
          allowed.push(`${from} -> ${to}:${port}`);
        }
      }
    }
  }
  assert.deepEqual(allowed.sort(), [
    "alice -> alice-algorithm:7004",
    "alice -> bob:7003",
    "bob -> bob-algorithm:7004",
    "driver -> alice:7001",
    "driver -> bob:7002",
  ]);
  assert.ok(mayReach([], { app: "bob" }, { app: "alice" }, 7001), "without policies it is open");
});

test("services lead to what listens, and probes ask it", () => {
  for (const service of ofKind("Service")) {
    const deployment = named("Deployment", service.metadata.name);
    assert.deepEqual(service.spec.selector, podOf(deployment).metadata.labels);
    const { args, ports, livenessProbe, readinessProbe, startupProbe } = container(deployment);
    const listening = ports.map(({ name, containerPort }) => [name, containerPort]);
    assert.deepEqual(service.spec.ports.map(({ port, targetPort }) => [targetPort, port]), listening);
    for (const [, port] of listening) assert.ok(args.some((arg) => arg.endsWith(`0.0.0.0:${port}`)));
    for (const probe of [livenessProbe, readinessProbe, startupProbe]) {
      assert.equal(probe.grpc.port, listening[0][1]);
    }
  }
  assert.equal(ofKind("Service").length, 4);
});

test("what is dialled is a service's port", () => {
  const dialled = workloads.flatMap((workload) =>
    container(workload).args.flatMap((arg) => arg.match(/=([a-z-]+):(\d+)$/)?.slice(1, 3) ?? []),
  );
  assert.ok(dialled.length > 0);
  for (let k = 0; k < dialled.length; k += 2) {
    const ports = named("Service", dialled[k]).spec.ports.map(({ port }) => String(port));
    assert.ok(ports.includes(dialled[k + 1]), `${dialled[k]}:${dialled[k + 1]}`);
  }
});

test("the sweep has as many shards as completions", () => {
  const job = named("Job", "sweep");
  assert.ok(container(job).args.includes(`--shards=${job.spec.completions}`));
  assert.equal(job.spec.completionMode, "Indexed");
  assert.equal(job.spec.podFailurePolicy.rules[1].onExitCodes.containerName, container(job).name);
});

test("every pod is locked down, and has what it mounts", () => {
  for (const workload of workloads) {
    const spec = podOf(workload).spec;
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(spec.securityContext.runAsNonRoot, true);
    const volumes = spec.volumes.map(({ name }) => name);
    for (const one of [...spec.containers, ...(spec.initContainers ?? [])]) {
      assert.equal(one.securityContext.readOnlyRootFilesystem, true);
      assert.equal(one.securityContext.allowPrivilegeEscalation, false);
      assert.deepEqual(one.securityContext.capabilities.drop, ["ALL"]);
      for (const { name } of one.volumeMounts) assert.ok(volumes.includes(name), name);
    }
  }
});
