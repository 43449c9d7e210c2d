// Kubernetes plugin: Pulumi's provider protocol, on the service definitions of its SDK. Messages in, operations, messages out.

import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { parsePath } from "../../src/kubernetes/json";
import { check } from "./check";
import { refusals, settings } from "./config";
import { diffConfig } from "./config-diff";
import { type Context, context, type Host } from "./context";
import { create } from "./create";
import { remove } from "./delete";
import { plan } from "./plan";
import { diffResponse, failure, handler, partial, refuse, texts } from "./protocol";
import { read } from "./read";
import { inputsStruct, recorded, stateOf } from "./state";
import { update } from "./update";
import { fromStruct } from "./wire";

const MODES = ["propose", "enforce", "disable"] as const;
const CONFIG_PREFIX = "kubernetes:config:";

/**
 * The handlers of the provider service.
 * @param version of the npm package whose plugin this stands in for
 * @param cancelled aborted by the engine's Cancel: whatever waits stops waiting
 */
export function handlers(version: string, host: Host, cancelled: AbortController) {
  let configured: Context | undefined;
  const ready = (): Context => {
    if (!configured) throw new Error("the provider has not been configured");
    return configured;
  };

  return {
    getPluginInfo: handler(async () => {
      const info = new PluginInfo();
      info.setVersion(version);
      return info;
    }),
    cancel: handler(async () => {
      cancelled.abort();
      return new Empty();
    }),
    checkConfig: handler(async (request: rpc.CheckRequest) => {
      const news = request.getNews();
      const response = new rpc.CheckResponse();
      response.setInputs(news);
      response.setFailuresList(refusals(texts(fromStruct(news))).map(failure));
      return response;
    }),
    diffConfig: handler(async (request: rpc.DiffRequest) => {
      const old = request.hasOldInputs() ? request.getOldInputs() : request.getOlds();
      const { changed, replacing } = diffConfig(texts(fromStruct(old)), texts(fromStruct(request.getNews())));
      const response = new rpc.DiffResponse();
      response.setChanges(
        changed.length > 0 ? rpc.DiffResponse.DiffChanges.DIFF_SOME : rpc.DiffResponse.DiffChanges.DIFF_NONE,
      );
      response.setDiffsList(changed);
      response.setReplacesList(replacing);
      return response;
    }),
    configure: handler(async (request: rpc.ConfigureRequest) => {
      const given = Object.fromEntries(
        request
          .getVariablesMap()
          .toArray()
          .map(([key, value]) => [key.replace(CONFIG_PREFIX, ""), value]),
      );
      const refused = refusals(given)[0];
      if (refused) throw new Error(`\`kubernetes:${refused.property}\` ${refused.reason}`);
      configured = context(settings(given, process.env), host, cancelled.signal);
      const response = new rpc.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    check: handler(async (request: rpc.CheckRequest) => {
      const autonaming = request.getAutonaming();
      const next = fromStruct(request.getNews());
      const { inputs, failures } = await check(ready(), {
        urn: request.getUrn(),
        old: fromStruct(request.getOlds()),
        next,
        seed: request.getRandomseed_asU8(),
        autonaming: autonaming && {
          mode: MODES[autonaming.getMode()] ?? "propose",
          proposed: autonaming.getProposedName(),
        },
      });
      const response = new rpc.CheckResponse();
      response.setInputs(inputsStruct(inputs));
      response.setFailuresList(failures.map(failure));
      return response;
    }),
    diff: handler(async (request: rpc.DiffRequest) => {
      const state = recorded(request.getOlds());
      const old = request.hasOldInputs() ? fromStruct(request.getOldInputs()) : state.inputs;
      const found = await plan(ready(), {
        urn: request.getUrn(),
        old: old.value,
        next: fromStruct(request.getNews()).value,
        recorded: state,
        ignored: request.getIgnorechangesList().map(parsePath),
      });
      return diffResponse(found.changes, new Set(found.replacing), found.deleteFirst);
    }),
    create: handler(async (request: rpc.CreateRequest) => {
      const urn = request.getUrn();
      const inputs = fromStruct(request.getProperties());
      const made = await partial(inputs, () =>
        create(ready(), { urn, inputs, preview: request.getPreview(), timeoutS: request.getTimeout() }),
      );
      const response = new rpc.CreateResponse();
      response.setId(made.id);
      response.setProperties(stateOf(made.live, inputs, made.manager));
      return response;
    }),
    update: handler(async (request: rpc.UpdateRequest) => {
      const next = fromStruct(request.getNews());
      const changed = await partial(next, () =>
        update(ready(), {
          urn: request.getUrn(),
          recorded: recorded(request.getOlds()),
          next,
          preview: request.getPreview(),
          timeoutS: request.getTimeout(),
          ignored: request.getIgnorechangesList().map(parsePath),
        }),
      );
      const response = new rpc.UpdateResponse();
      response.setProperties(stateOf(changed.live, next, changed.manager));
      return response;
    }),
    read: handler(async (request: rpc.ReadRequest) => {
      const found = await read(ready(), {
        urn: request.getUrn(),
        id: request.getId(),
        recorded: recorded(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      });
      const response = new rpc.ReadResponse();
      if (!found) return response;
      response.setId(request.getId());
      response.setProperties(stateOf(found.live, found.inputs, found.manager));
      response.setInputs(inputsStruct(found.inputs));
      return response;
    }),
    delete: handler(async (request: rpc.DeleteRequest) => {
      const state = recorded(request.getProperties());
      await partial(state.inputs, () =>
        remove(ready(), { urn: request.getUrn(), recorded: state, timeoutS: request.getTimeout() }),
      );
      return new Empty();
    }),
    invoke: handler(async (request: rpc.InvokeRequest) => refuse(`function \`${request.getTok()}\``)),
    construct: handler(async (request: rpc.ConstructRequest) => refuse(`component \`${request.getType()}\``)),
    call: handler(async (request: rpc.CallRequest) => refuse(`method \`${request.getTok()}\``)),
    parameterize: handler(async () => refuse("parameterization (generated SDKs of custom resources)")),
    getSchema: handler(async () => refuse("the package's schema")),
  };
}
