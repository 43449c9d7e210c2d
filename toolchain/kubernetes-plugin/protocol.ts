// Kubernetes plugin: answers and failures in the form of Pulumi's protocol. An object that is not ready travels with its error.
import { Metadata, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { pathText } from "../../src/kubernetes/json";
import type { Change } from "./diff";
import { withoutSecrets } from "./secrets";
import { inputsStruct, stateOf } from "./state";
import { Unfinished } from "./unfinished";
import { type Properties, UNKNOWN } from "./wire";

type Call<Request> = ServerUnaryCall<Request, unknown>;
type Answer<Response> = sendUnaryData<Response>;
type Handler<Request, Response> = (call: Call<Request>, answer: Answer<Response>) => void;

/** A created or changed object that is not ready: it goes into the state with the error. */
class Partial extends Error {
  constructor(
    message: string,
    readonly detail: rpc.ErrorResourceInitFailed,
  ) {
    super(message);
  }
}

/** Answers with what `work` returns; whatever it throws becomes an error of the protocol. */
export function handler<Request, Response>(work: (request: Request) => Promise<Response>): Handler<Request, Response> {
  return (call, answer) => {
    // Within a promise, so that a throw before the first wait is caught too.
    Promise.resolve(call.request)
      .then(work)
      .then(
        response => answer(null, response),
        (error: Error) => answer(failed(error)),
      );
  };
}

function failed(error: Error) {
  const metadata = new Metadata();
  if (error instanceof Partial) {
    const details = new Any();
    details.pack(error.detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const whole = new Status();
    whole.setCode(status.UNKNOWN);
    whole.setMessage(error.message);
    whole.addDetails(details);
    metadata.add("grpc-status-details-bin", Buffer.from(whole.serializeBinary()));
  }
  return { code: status.UNKNOWN, details: error.message, metadata };
}

/** Turns an object that is not ready into an error that carries it into the state; keeps secrets out of every error. */
export async function partial<Result>(inputs: Properties, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const message = withoutSecrets(error instanceof Error ? error.message : String(error), inputs);
    if (!(error instanceof Unfinished)) throw new Error(message);
    const detail = new rpc.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(stateOf(error.live, inputs, error.manager));
    detail.setReasonsList([message]);
    detail.setInputs(inputsStruct(inputs));
    throw new Partial(message, detail);
  }
}

export function diffResponse(
  changes: Change[],
  replacing: ReadonlySet<Change>,
  deleteFirst: boolean,
): rpc.DiffResponse {
  const { Kind } = rpc.PropertyDiff;
  const kinds = { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE };
  const replacingKinds = { add: Kind.ADD_REPLACE, delete: Kind.DELETE_REPLACE, update: Kind.UPDATE_REPLACE };
  const response = new rpc.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
  response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteFirst);
  response.setReplacesList([...replacing].map(change => pathText(change.path)));
  for (const change of changes) {
    const difference = new rpc.PropertyDiff();
    difference.setKind((replacing.has(change) ? replacingKinds : kinds)[change.kind]);
    // Inputs were compared with inputs: the live object in the state holds defaults as well.
    difference.setInputdiff(true);
    response.getDetaileddiffMap().set(pathText(change.path), difference);
  }
  return response;
}

/** A refusal. The property is named in the text alone: of one that is named in its field, the engine prints the value. */
export function failure({ property, reason }: { property: string; reason: string }): rpc.CheckFailure {
  const made = new rpc.CheckFailure();
  made.setReason(`\`${property}\` ${reason}`);
  return made;
}

/** Settings arrive as texts; an unknown one is left out, as it is not judged before it is known. */
export function texts({ value }: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, setting]) => setting !== UNKNOWN)
      .map(([key, setting]) => [key, typeof setting === "string" ? setting : JSON.stringify(setting)]),
  );
}

export function refuse(what: string): never {
  throw new Error(
    `${what} is not done by this build of the kubernetes plugin. Declare the objects themselves, or install the official plugin.`,
  );
}
