// The API client and the permit of whoever may lose the right to write: asked before each try, and again when bytes leave.
import { Agent, createServer, type Server } from "node:http";
import { type AddressInfo, connect as dial } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { connect, type Permit } from "../../../src/kubernetes/client";

let server: Server;
let answers: number[] = [];
const arrived: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    arrived.push(`${request.method} ${request.url}`);
    request.resume().once("end", () => {
      response.statusCode = answers.shift() ?? 200;
      response.end("{}");
    });
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise(resolve => server.close(resolve)));
beforeEach(() => {
  answers = [];
  arrived.length = 0;
});

const api = (agent: Agent) =>
  connect(
    {
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      namespace: "default",
      options: async () => ({ agent }),
    },
    { userAgent: "palisade-test" },
  );
const write = (path: string, permit: Permit) =>
  ({ method: "PUT", path, body: { a: 1 }, contentType: "application/json", permit }) as const;

test("it is asked before each try, and what it throws ends the request", async () => {
  answers = [503, 503];
  let asked = 0;
  const permit = {
    asked: async () => {
      if (++asked === 3) throw new Error("taken over");
    },
    isGiven: () => true,
  };
  const agent = new Agent();
  await expect(api(agent).send(write("/a", permit))).rejects.toThrow("taken over");
  expect(arrived).toEqual(["PUT /a", "PUT /a"]);
});

test("where it ends while the socket connects, nothing leaves, and it is asked again", async () => {
  let isGiven = true;
  let asked = 0;
  const agent = new Agent();
  Object.assign(agent, {
    createConnection: (options: { host: string; port: number }) => {
      isGiven = asked > 1;
      return dial(options);
    },
  });
  const permit = {
    asked: async () => {
      asked++;
    },
    isGiven: () => isGiven,
  };
  await api(agent).send(write("/b", permit));
  expect(asked).toBe(2);
  expect(arrived).toEqual(["PUT /b"]);
});

test("a server that has answered may be gone for a while, and one that never did may not", async () => {
  const port = (server.address() as AddressInfo).port;
  const way = (to: number) => ({ server: `http://127.0.0.1:${to}`, namespace: "", options: async () => ({}) });
  const caller = { userAgent: "palisade-test", patienceMs: 20_000 };
  const get = { method: "GET", path: "/d" } as const;
  await expect(connect(way(1), caller).send(get)).rejects.toThrow("connection refused");
  const here = connect(way(port), caller);
  await here.send(get);
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  setTimeout(() => server.listen(port, "127.0.0.1"), 2_500);
  await expect(here.send({ ...get, attempts: 1 })).rejects.toThrow("cannot be reached");
  await expect(here.send(get)).resolves.toEqual({});
});

test("sockets that are kept, and requests that wait for one, go through", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const here = api(agent);
  const permit = { asked: async () => undefined, isGiven: () => true };
  for (let round = 0; round < 2; round++)
    await Promise.all(Array.from({ length: 7 }, (_, i) => here.send(write(`/c${i}`, permit))));
  expect(arrived.length).toBe(14);
  agent.destroy();
});
