// Kubernetes components: the configuration of a workload's queues, and of the front that decides who may do what with which (CP-3, CP-11, CP-12). Pure.
import type { Workload } from "../../workload/workload";
import { tlsPaths } from "./certificates";

export const queuePort = 9443;
/** On the loopback interface of the pod: nobody reaches it but by the front. */
const innerPort = 9324;
/** Of the front, for the kubelet: whether the queue behind it answers. */
export const frontHealthPort = 8404;
/** Account number in addresses of queues; ElasticMQ's own. */
const accountId = "000000000000";

/** Deliveries that fail before a message is set aside, as on AWS. */
const attempts = 5;

const sending = ["SendMessage", "SendMessageBatch", "GetQueueAttributes", "GetQueueUrl"];
const taking = [
  "ReceiveMessage",
  "DeleteMessage",
  "DeleteMessageBatch",
  "ChangeMessageVisibility",
  "ChangeMessageVisibilityBatch",
  "GetQueueAttributes",
  "GetQueueUrl",
];

/** Address of a queue, at the host by which clients call. */
export function queueUrl(host: string, queue: string): string {
  return `https://${host}:${queuePort}/${accountId}/${queue}`;
}

/** ElasticMQ's, in HOCON: JSON with an include before it. What was sent outlives a restart. */
export function queueConfig(host: string, queues: Workload["state"]["queues"]): string {
  const settings = {
    "node-address": { protocol: "https", host, port: queuePort, "context-path": "" },
    "generate-node-address": false,
    "rest-sqs": { enabled: true, "bind-hostname": "127.0.0.1", "bind-port": innerPort, "sqs-limits": "strict" },
    "rest-stats": { enabled: false, "bind-hostname": "127.0.0.1", "bind-port": innerPort + 1 },
    aws: { region: "us-east-1", accountId },
    "queues-storage": { enabled: false, path: "/data/queues.conf" },
    "messages-storage": {
      enabled: true,
      "driver-class": "org.h2.Driver",
      uri: "jdbc:h2:/data/messages",
      username: "sa",
      password: "",
      "prune-data-on-init": false,
    },
    queues: Object.fromEntries(Object.entries(queues).flatMap(([name, queue]) => [dead(name), live(name, queue)])),
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return ['include classpath("application.conf")', ...lines, ""].join("\n");
}

/** A queue for what has failed too often; nobody takes from it but a person. */
function deadLetters(queue: string): string {
  return `${queue}-dead`;
}

function dead(name: string): [string, object] {
  return [deadLetters(name), { fifo: false }];
}

function live(name: string, { visibilitySeconds }: Workload["state"]["queues"][string]): [string, object] {
  return [
    name,
    {
      defaultVisibilityTimeout: `${visibilitySeconds} seconds`,
      delay: "0 seconds",
      receiveMessageWait: "20 seconds",
      fifo: false,
      deadLettersQueue: { name: deadLetters(name), maxReceiveCount: attempts },
    },
  ];
}

/**
 * Lines of `<common name>/<operation>/<queue> 1`. A queue that an approval releases to has no producer in the specification,
 * so that the gate alone may send there.
 */
export function allowedMap({ state, approvals }: Pick<Workload, "state" | "approvals">, gate: string): string {
  const released = new Set(approvals.map(({ releasesTo }) => releasesTo));
  return Object.entries(state.queues)
    .flatMap(([queue, { producers, consumers }]) => {
      const senders = released.has(queue) ? [gate] : producers;
      return [
        ...senders.flatMap(name => sending.map(operation => [name, operation, queue])),
        ...consumers.flatMap(name => taking.map(operation => [name, operation, queue])),
      ];
    })
    .map(entry => `${entry.join("/")} 1\n`)
    .filter((line, i, all) => all.indexOf(line) === i)
    .join("");
}

/**
 * HAProxy's. A client shows a certificate of the workload's authority; its common name, the operation and the queue must
 * stand in the map. Requests without all three are refused, so that a client of the old query protocol is too.
 */
export const frontConfig = `global
    log stdout format raw local0 info
    ssl-default-bind-options ssl-min-ver TLSv1.2
    # The key is beside the certificate, as tls.key beside tls.crt.
    ssl-load-extra-del-ext
    tune.bufsize 327680

defaults
    mode http
    log global
    log-format '{"time":"%[date(0,ms),ms_utime(%Y-%m-%dT%H:%M:%S)]Z","client":"%[ssl_c_s_dn(cn),json(utf8s)]","operation":"%[var(txn.operation),json(utf8s)]","queue":"%[var(txn.queue),json(utf8s)]","status":%ST,"milliseconds":%Ta}'
    option dontlognull
    timeout http-request 10s
    timeout connect 5s
    timeout client 60s
    timeout server 60s

frontend clients
    bind :${queuePort} ssl crt ${tlsPaths.certificate} ca-file ${tlsPaths.authority} verify required
    http-request wait-for-body time 10s at-least 300k
    http-request set-var(txn.operation) req.hdr(x-amz-target),regsub(^AmazonSQS\\.,)
    # Of its address the last part names the queue; CreateQueue and GetQueueUrl name it themselves.
    http-request set-var(txn.queue) req.body,json_query('$.QueueUrl'),regsub('^.*/','')
    http-request set-var(txn.queue) req.body,json_query('$.QueueName') if !{ var(txn.queue) -m found }
    http-request set-var-fmt(txn.asked) %[ssl_c_s_dn(cn)]/%[var(txn.operation)]/%[var(txn.queue)]
    http-request deny deny_status 403 unless { req.hdr(x-amz-target) -m beg AmazonSQS. }
    # What does not fit into one buffer would be judged by its beginning alone.
    http-request deny deny_status 413 unless { req.hdr_val(content-length) gt 0 } { req.hdr_val(content-length) lt 300000 }
    # A key that is there twice, or spelt with escapes, could be one queue to this front and another to the queue itself.
    http-request deny deny_status 403 if { req.body -m reg '"Queue(Url|Name)"\\s*:[\\s\\S]*"Queue(Url|Name)"\\s*:' }
    http-request deny deny_status 403 if { req.body -m reg '\\\\u[0-9a-fA-F]{4}[^"\\\\]*"\\s*:' }
    http-request deny deny_status 403 unless { var(txn.asked),map_str(/usr/local/etc/haproxy/allowed.map) -m str 1 }
    default_backend queue

frontend health
    bind :${frontHealthPort}
    acl without_queue nbsrv(queue) lt 1
    monitor-uri /healthz
    monitor fail if without_queue
    http-request deny

backend queue
    server local 127.0.0.1:${innerPort} check inter 2s
`;
