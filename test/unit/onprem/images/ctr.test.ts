// SA-8: containerd's client learns no secret of the installer's, and one that neither takes nor says anything is ended.
import { afterEach, expect, test, vi } from "vitest";
import { runCtr } from "../../../../src/onprem/images/ctr";

afterEach(() => vi.unstubAllEnvs());

test("the client has the environment but for supplied secrets", async () => {
  vi.stubEnv("PALISADE_SECRET_SHOP_TOKEN", "must-not-be-seen");
  vi.stubEnv("CONTAINERD_ADDRESS", "/run/some.sock");
  const { code, stdout } = await runCtr({ ctr: ["sh", "-c", "env"] }, []);
  expect(code).toBe(0);
  expect(stdout).toContain("CONTAINERD_ADDRESS=/run/some.sock");
  expect(stdout).not.toContain("must-not-be-seen");
});

test("a client that hangs is ended, and says so", async () => {
  const { code, stderr } = await runCtr({ ctr: ["sh", "-c", "exec sleep 60"], silenceS: 0.3 }, []);
  expect(code).toBe(137);
  expect(stderr).toContain("neither taken nor said anything for 0.3 s");
}, 10_000);

test("one that takes what it is sent is not, however long that takes", async () => {
  const client = { ctr: ["sh", "-c", "cat >/dev/null"], silenceS: 0.5 };
  const result = await runCtr(client, [], async input => {
    for (let i = 0; i < 8; i++) {
      input.write("x");
      await new Promise(resolve => setTimeout(resolve, 150));
    }
    input.end();
  });
  expect(result.code).toBe(0);
}, 10_000);
