// Who may reach whom, by the network policies: an independent reading of
// https://kubernetes.io/docs/concepts/services-networking/network-policies/ for pods of one namespace.

"use strict";

function matches(selector, labels) {
  const equal = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  const among = (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
    if (operator !== "In") throw new Error(`operator ${operator} is not known here`);
    return values.includes(labels[key]);
  });
  return equal && among;
}

// A rule without peers or ports is for all of them. A peer that names a namespace is another one.
function allows(rule, side, labels, port) {
  const peers = rule[side];
  const ports = rule.ports;
  const peer =
    peers === undefined ||
    peers.some(
      (one) => !one.namespaceSelector && one.podSelector && matches(one.podSelector, labels),
    );
  const through =
    ports === undefined ||
    ports.some((one) => (one.protocol ?? "TCP") === "TCP" && one.port === port);
  return peer && through;
}

// A pod that no policy selects for a direction is open in it; else one rule of one policy is enough.
function permitted(policies, direction, side, self, other, port) {
  const selecting = policies.filter(
    ({ spec }) =>
      matches(spec.podSelector, self) && (spec.policyTypes ?? ["Ingress"]).includes(direction),
  );
  if (selecting.length === 0) return true;
  const rules = direction.toLowerCase();
  return selecting.some(({ spec }) =>
    (spec[rules] ?? []).some((rule) => allows(rule, side, other, port)),
  );
}

function mayReach(policies, from, to, port) {
  return (
    permitted(policies, "Egress", "to", from, to, port) &&
    permitted(policies, "Ingress", "from", to, from, port)
  );
}

module.exports = { mayReach };
