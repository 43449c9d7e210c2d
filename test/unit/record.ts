// Unit tests: Pulumi mocks that record every registration and throw on whatever a test did not announce.
import * as pulumi from "@pulumi/pulumi";
import type { MockCallArgs, MockResourceArgs } from "@pulumi/pulumi/runtime";

export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** URN and id of its provider; empty for the default one. */
  provider?: string;
}

export interface Expectation {
  /** Type tokens that may be registered, such as `aws:kms/key:Key`. Component types (`palisade:…`) always may. */
  types: readonly string[];
  /** Function tokens that may be invoked, with what they return. */
  calls?: Record<string, Record<string, unknown>>;
  /** What AWS would add to the inputs, by type token. */
  outputs?: Record<string, (inputs: Record<string, unknown>, name: string) => Record<string, unknown>>;
}

/**
 * Runs `build` against the mocks and returns what it registered, in order of registration.
 * @throws Error at the first resource or call that `expected` does not name.
 */
export async function record(expected: Expectation, build: () => unknown): Promise<Registered[]> {
  const registered: Registered[] = [];
  const unexpected: string[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource(args: MockResourceArgs) {
        if (!args.type.startsWith("palisade:") && !expected.types.includes(args.type))
          unexpected.push(`resource ${args.type} \`${args.name}\``);
        registered.push({ type: args.type, name: args.name, inputs: args.inputs, provider: args.provider });
        return {
          id: `${args.name}-id`,
          state: {
            arn: `arn:aws:mock:::${args.name}`,
            ...args.inputs,
            ...expected.outputs?.[args.type]?.(args.inputs, args.name),
          },
        };
      },
      call(args: MockCallArgs) {
        const result = expected.calls?.[args.token];
        if (!result) unexpected.push(`call ${args.token}`);
        return result ?? {};
      },
    },
    "palisade",
    "unit",
    false,
  );
  try {
    build();
  } finally {
    // Also after a throw: what was registered before it must not reach the next test.
    await pulumi.runtime.disconnect(false);
  }
  if (unexpected.length > 0) throw new Error(`not announced by the test: ${unexpected.join(", ")}`);
  return registered;
}

/** The one registration of a type (and name, if several share the type). */
export function only(all: readonly Registered[], type: string, name?: string): Registered {
  const found = all.filter(r => r.type === type && (name === undefined || r.name === name));
  const [first] = found;
  if (!first || found.length > 1)
    throw new Error(
      `expected one ${type}${name ? ` \`${name}\`` : ""}, found ${found.map(r => r.name).join(", ") || "none"}`,
    );
  return first;
}
