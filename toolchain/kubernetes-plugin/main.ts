// Kubernetes plugin: the process the engine starts. Prints the port it listens on, and serves until the engine ends it.
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { Host } from "./context";
import { handlers } from "./server";

/** Replaced by the build with the version of the npm package. */
declare const PLUGIN_VERSION: string;
/** Messages of the engine carry whole objects; the SDK sets the same bound. */
const LARGEST_MESSAGE = 1024 * 1024 * 400;
const limits = { "grpc.max_receive_message_length": LARGEST_MESSAGE, "grpc.max_send_message_length": LARGEST_MESSAGE };

function engine(address: string): Host {
  const client = new EngineClient(address, credentials.createInsecure(), limits);
  const log = (severity: LogSeverity, urn: string, text: string, ephemeral: boolean) => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(text);
    request.setEphemeral(ephemeral);
    // A message that is lost is no reason to fail an update.
    client.log(request, () => undefined);
  };
  return {
    status: (urn, text) => log(LogSeverity.INFO, urn, text, true),
    say: (severity, urn, text) => log(severity === "info" ? LogSeverity.INFO : LogSeverity.WARNING, urn, text, false),
  };
}

const address = process.argv[2];
if (!address) {
  process.stderr.write("pulumi-resource-kubernetes is started by the Pulumi engine, which gives it an address.\n");
  process.exit(1);
}
// On Ctrl-C an interrupt comes first and Cancel after it, so that what is under way gets written down. One that comes after
// Cancel is the engine's own word that it is done; it waits five seconds for who does not go.
const cancelled = new AbortController();
process.on("SIGINT", () => {
  if (cancelled.signal.aborted) server.tryShutdown(() => process.exit(0));
});
// An engine that was killed can say nothing; without it, nobody writes down what is done here.
const engineProcess = process.ppid;
setInterval(() => {
  if (process.ppid !== engineProcess) process.exit(1);
}, 2_000).unref();
const server = new Server(limits);
server.addService(ResourceProviderService, handlers(PLUGIN_VERSION, engine(address), cancelled));
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
