// Installer's commands: the cluster, seen to answer.
import { Failure } from "../../../toolchain/failure";
import { type Caller, connect } from "../../kubernetes/client";
import { discovery } from "../../kubernetes/discovery";
import { Unreachable } from "../../kubernetes/errors";
import { type Connection, connection } from "../../kubernetes/kubeconfig";
import type { Cluster } from "../../kubernetes/objects";
import type { ClusterOptions } from "./options";

/** An API server that is restarted, or moves to another machine, is back within a minute or so. */
const caller: Caller = { userAgent: "palisade-installer", patienceMs: 90_000 };
const wording = { given: "the kubeconfig", chooseContext: "choose one with --context NAME" };

export interface Connected {
  cluster: Cluster;
  connection: Connection;
}

/** @throws Failure if the kubeconfig leads nowhere, or the cluster does not answer */
export async function connected({ kubeconfig = "", context = "" }: ClusterOptions): Promise<Connected> {
  const way = reach({ kubeconfig, context });
  const api = connect(way, caller);
  await api.send({ method: "GET", path: "/version" }).catch((error: unknown) => {
    // A server that answers, even with a refusal, is there.
    if (error instanceof Unreachable) throw new Failure(error.message, "");
  });
  return { cluster: { api, discovery: discovery(api) }, connection: way };
}

function reach({ kubeconfig, context }: Required<Pick<ClusterOptions, "kubeconfig" | "context">>): Connection {
  try {
    return connection({ kubeconfig, context, cluster: "", namespace: "" }, wording);
  } catch (error) {
    throw new Failure((error as Error).message, "Name a kubeconfig, such as: --kubeconfig FILE");
  }
}
