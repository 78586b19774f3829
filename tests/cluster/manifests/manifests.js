// The Kubernetes manifests of this repository, and what is wrong with one.

"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

// Packages are in the build directory: see kvwire_node_packages.
const load = require("node:module").createRequire(
  path.join(process.env.KVWIRE_MANIFEST_PACKAGES, "from-here.js"),
);
const yaml = load("js-yaml");
const ts = load("typescript");

const ROOT = path.resolve(__dirname, "../../../docker/cluster/kubernetes");

// [{name, object}], one for each document of each file.
function readManifests() {
  const files = fs
    .readdirSync(ROOT, { recursive: true })
    .filter((file) => file.endsWith(".yaml"))
    .sort();
  return files.flatMap((file) =>
    yaml
      .loadAll(fs.readFileSync(path.join(ROOT, file), "utf8"))
      .map((object, k) => ({ name: `${file}#${k}`, object })),
  );
}

// What the API's schema says against the object, or null. It says nothing of keys that it does not
// know: see unknownKeys.
async function schemaError({ object }) {
  const file = `kubernetes-models/${object.apiVersion}/index.mjs`;
  const { [object.kind]: Model } = await import(
    pathToFileURL(path.join(process.env.KVWIRE_MANIFEST_PACKAGES, file))
  );
  if (!Model) return `there is no ${object.kind} in ${object.apiVersion}`;
  try {
    new Model(object).validate();
    return null;
  } catch (error) {
    return error.message;
  }
}

// The compiler knows the keys of every type of the API, and refuses others in a literal.
function unknownKeys(manifests) {
  const file = path.join(process.env.KVWIRE_MANIFEST_PACKAGES, "..", "manifests.ts");
  const lines = manifests.map(
    ({ object }, k) =>
      `export const m${k}: import("kubernetes-models/${object.apiVersion}/${object.kind}")` +
      `.I${object.kind} = ${JSON.stringify(object)};`,
  );
  const options = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    moduleResolution: ts.ModuleResolutionKind.Node10,
  };
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(file, lines.join("\n"), ts.ScriptTarget.ES2022)
      : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
    if (diagnostic.file?.fileName !== file) return message;
    const line = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start).line;
    return `${manifests[line].name}: ${message}`;
  });
}

module.exports = { readManifests, schemaError, unknownKeys };
