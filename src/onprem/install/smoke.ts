// Installer: asks each service whether it is well, as those who call it would, through the API server's proxy (RT-2, SA-12).
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../toolchain/failure";
import { list } from "../../kubernetes/await/diagnosis";
import { plain } from "../../kubernetes/await/findings";
import { hasEndpoint } from "../../kubernetes/await/verdict";
import { ApiError } from "../../kubernetes/errors";
import type { Cluster } from "../../kubernetes/objects";
import type { Asked, Work } from "./parts";
import { inOrder } from "./schedule";

/** A service that has just become ready may still refuse one call. */
const tries = 5;
const pauseMs = 2_000;

type Answer =
  | { kind: "well" }
  /** The service itself says no. */
  | { kind: "unwell"; why: string }
  /** The proxy has no way there: a policy of the cluster, a certificate that the service asks for, or no right. */
  | { kind: "unreached"; why: string };

/**
 * A service that the proxy cannot reach is judged by its own probes, which the node asks: it is well if an endpoint is ready.
 * @returns one line on who was asked how
 * @throws Failure naming each service that is not well, and what it said
 */
export async function smokeTest(cluster: Cluster, endpoints: readonly Asked[], work: Work): Promise<string> {
  const unwell: string[] = [];
  let answered = 0;
  let probed = 0;
  const asked = endpoints.filter(({ exposure }) => exposure !== "none");
  await inOrder(new Map(asked.map(each => [titleOf(each), each])), new Map(), async (endpoint, title) => {
    const answer = await answerOf(cluster, endpoint, work);
    if (answer.kind === "well") answered++;
    else if (answer.kind === "unwell") unwell.push(`${title}: ${answer.why}`);
    else if (await isServed(cluster, endpoint)) probed++;
    else unwell.push(`${title}: no pod behind it is ready`);
    work.progress(`${answered + probed + unwell.length} of ${asked.length} services`);
  });
  if (unwell.length > 0) {
    const [first] = asked.filter(each => unwell.some(text => text.startsWith(`${titleOf(each)}:`)));
    throw new Failure(
      `not well after all became ready:\n${unwell.map(text => `  ${text}`).join("\n")}`,
      first ? `See: kubectl logs -n ${first.namespace} -l app.kubernetes.io/name=${first.service} --tail 50` : "",
    );
  }
  const silent = endpoints.length - asked.length;
  return [
    `${answered} services answer`,
    ...(probed > 0 ? [`${probed} that the API server's proxy cannot reach are well by their own probes`] : []),
    ...(silent > 0 ? [`${silent} without a Service are well by their own probes`] : []),
  ].join("; ");
}

const titleOf = ({ namespace, service, path }: Asked): string => `${namespace}/${service} ${path}`;

async function answerOf(cluster: Cluster, endpoint: Asked, { cancelled }: Work): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(cluster, endpoint, cancelled);
    if (answer.kind !== "unwell" || attempt >= tries) return answer;
    await sleep(pauseMs, undefined, { signal: cancelled });
  }
}

async function ask(cluster: Cluster, endpoint: Asked, signal: AbortSignal): Promise<Answer> {
  const { namespace, service, port, scheme, path } = endpoint;
  const name = `${scheme === "https" ? "https:" : ""}${encodeURIComponent(service)}:${port}`;
  const [pathname = "", search = ""] = path.split("?");
  const query = Object.fromEntries(new URLSearchParams(search));
  const at = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${name}/proxy${pathname}`;
  try {
    await cluster.api.send({ method: "GET", path: at, query, signal, attempts: 1 });
    return { kind: "well" };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return judge(error);
  }
}

/** Tells the service's own answer from the proxy's. */
export function judge(error: ApiError): Answer {
  const why = plain(error.message);
  if (!error.isStatus) return { kind: "unwell", why: `answered ${error.status}: ${why}` };
  if (/no endpoints available/i.test(why)) return { kind: "unwell", why };
  if (error.status === 403 || error.status >= 500) return { kind: "unreached", why };
  return { kind: "unwell", why: `answered ${error.status}: ${why}` };
}

async function isServed(cluster: Cluster, { namespace, service }: Asked): Promise<boolean> {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  return hasEndpoint(await list(cluster, "discovery.k8s.io/v1", "endpointslices", namespace, { labelSelector }));
}
