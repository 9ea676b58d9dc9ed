// What all benchmarks need: the middle of several runs, and an environment that says nothing about the tools.

/** The middle value, the upper one of an even count. */
export function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** The environment without NODE_EXTRA_CA_CERTS, which costs 80 ms of every node start and is not ours. */
export function plainEnvironment() {
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env;
  return rest;
}
