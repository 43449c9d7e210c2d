// RT-23, SA-6: what is no object is read from the API server with a bound, and its clock is told.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainReader } from "../../../src/kubernetes/plain-request";

let server: Server;
const asked: (string | undefined)[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url, request.headers.authorization);
    response.statusCode = request.url?.startsWith("/none") ? 404 : 200;
    response.end("0123456789".repeat(100_000));
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise(resolve => server.close(resolve)));

const reader = () =>
  plainReader(
    {
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      namespace: "default",
      options: async () => ({ headers: { authorization: "Bearer x" } }),
    },
    "palisade-test",
  );

test("no more than asked for is kept, and that there was more is said", async () => {
  const answer = await reader()("/log", { tailLines: "5" }, 25);
  expect(answer).toMatchObject({ status: 200, text: "0123456789012345678901234", isCut: true, validity: undefined });
  expect(asked).toEqual(["/log?tailLines=5", "Bearer x"]);
  expect(Math.abs((answer.date?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
});

test("a whole answer is whole, whatever its status", async () => {
  expect(await reader()("/none", {}, 1_000_000)).toMatchObject({ status: 404, isCut: false });
});
