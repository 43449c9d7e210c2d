import { expect, test } from "vitest";
import { combineParts } from "../../../src/components/aws/service-parts";

test("nothing adds nothing", () => {
  expect(combineParts([{}, {}])).toEqual({
    environment: {},
    statements: [],
    sidecars: [],
    repositoryArns: [],
    volumes: [],
    mounts: [],
    peers: [],
    onRole: [],
  });
});

test("contributions follow one another", () => {
  const peer = (name: string) => ({ name, peer: { securityGroupId: name }, port: 443 });
  const combined = combineParts([
    { environment: { A: "1" }, peers: [peer("a")] },
    { environment: { B: "2" }, peers: [peer("b"), peer("c")] },
  ]);
  expect(combined.environment).toEqual({ A: "1", B: "2" });
  expect(combined.peers.map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

test("two contributions may not set one variable", () => {
  expect(() => combineParts([{ environment: { A: "1" } }, { environment: { A: "2" } }])).toThrow("`A`");
});
