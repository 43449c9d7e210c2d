// PF-1, PF-9: a stack loads the SDK of its own home only, and of that only what it uses: a program that starts slowly is previewed less.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";

/** Packages below `@pulumi/` that a file brings with it, in a process of its own, with the number of their modules. */
function loadedBy(file: string): Record<string, number> {
  const script = `
    require(${JSON.stringify(file)});
    const counts = {};
    for (const path of Object.keys(require.cache)) {
      const name = /node_modules\\/(@pulumi\\/[a-z]+)\\//.exec(path)?.[1];
      if (name) counts[name] = (counts[name] ?? 0) + 1;
    }
    process.stdout.write(JSON.stringify(counts));
  `;
  const written = execFileSync(process.execPath, ["--require", "tsx/cjs", "-e", script], { cwd: PROJECT_DIRECTORY });
  return JSON.parse(written.toString()) as Record<string, number>;
}

test.each([
  ["./src/platform/saas", "@pulumi/aws", "@pulumi/kubernetes"],
  ["./src/platform/onprem", "@pulumi/kubernetes", "@pulumi/aws"],
  ["./src/platform/onprem-rendered", "@pulumi/kubernetes", "@pulumi/aws"],
])(
  "%s loads little of %s and nothing of %s",
  (file, own, other) => {
    const loaded = loadedBy(file);
    expect(loaded["@pulumi/pulumi"]).toBeGreaterThan(0);
    // All of a package is more than a thousand modules; of Kubernetes' each class is loaded with its first object.
    expect(loaded[own] ?? 0).toBeLessThan(400);
    expect(loaded[other]).toBeUndefined();
  },
  60_000,
);

test("what chooses between them loads neither", () => {
  const loaded = loadedBy("./src/platform/deploy");
  expect(Object.keys(loaded).filter(name => /aws|kubernetes/.test(name))).toEqual([]);
}, 60_000);
