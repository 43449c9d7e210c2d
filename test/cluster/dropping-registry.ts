// Cluster tests: a way to a registry on which every so-manieth connection is dropped, as a process: it is started in the operator's network.
// Arguments: HOST:PORT of the registry, own port, which connections, after how many bytes. Prints `ready`, and at its end how many it dropped.
import { droppingProxy } from "../toolchain/registries";

const [registry = "", port = "", nth = "", bytes = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const proxy = await droppingProxy(registry, Number(nth), Number(bytes), Number(port));
  process.stdout.write("ready\n");
  process.once("SIGTERM", () => {
    process.stdout.write(`${proxy.dropped()}\n`);
    void proxy.stop();
  });
}

void main();
