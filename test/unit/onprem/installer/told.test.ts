// SA-13, PF-3: the line for an administrator is for the very account that is at work, and is one that a shell reads as it is meant; what
// a cluster refuses, or nobody foresaw, is told in words.
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError, Unreachable } from "../../../../src/kubernetes/errors";
import { accountAt, grantCommandOf } from "../../../../src/onprem/installer/grant-command";
import { toldOf } from "../../../../src/onprem/installer/told";
import { fakeCluster } from "../fake-cluster";

const reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

describe("the line for an administrator", () => {
  const of = (account: string) => grantCommandOf("b.tar", { key: "v.pub" }, account, "palisade-prod");
  test("names who it is for, but not the account that the grant itself makes", () => {
    expect(of("")).toBe("palisade grant b.tar --key v.pub | kubectl apply -f -");
    expect(of("system:serviceaccount:palisade-prod:palisade-installer")).toBe(of(""));
    expect(of("system:serviceaccount:customer:robot")).toContain("--for system:serviceaccount:customer:robot |");
    expect(of("system:serviceaccount:palisade-dev:palisade-installer")).toContain("--for ");
  });
  test("leaves out what no grant can be for", () => expect(of("system:anonymous")).toBe(of("")));
  test("is read by a shell as it was meant, whatever names hold", () => {
    const word = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(word, word, (bundle, account) => {
        const [line = ""] = grantCommandOf(bundle, { key: "k" }, account, "p").split(" | kubectl");
        const shown = execFileSync("sh", ["-c", `palisade() { printf '%s\\n' "$@"; }; ${line}`], { encoding: "utf8" });
        expect(shown).toBe(`grant\n${bundle}\n--key\nk\n--for\n${account}\n`);
      }),
      { numRuns: 40 },
    );
  });
});

test("the account is what the cluster says, and nobody where it does not say", async () => {
  const cluster = fakeCluster();
  cluster.answers.set(reviews, { status: { userInfo: { username: "jane@example.com" } } });
  expect(await accountAt(cluster)).toBe("jane@example.com");
  cluster.answers.set(reviews, 404);
  expect(await accountAt(cluster)).toBe("");
});

test.each([
  [
    new ApiError(403, { message: "configmaps is forbidden" }, "GET", "/x"),
    /the cluster refuses: configmaps is forbidden[\s\S]*palisade grant/,
  ],
  [new ApiError(500, { message: "etcd is gone" }, "GET", "/x"), /the cluster refuses: etcd is gone/],
  [
    new Unreachable("https://10.0.0.1", "connection refused"),
    /cannot be reached: connection refused[\s\S]*same command/,
  ],
  [
    new TypeError("x is not a function"),
    /a fault of this installer: TypeError: x is not a function[\s\S]*to the vendor/,
  ],
  ["text", /a fault of this installer: text/],
])("%s is told in words", (error, words) => expect(toldOf(error).message).toMatch(words));
