// Config: what a stack says about the cluster it is applied to: how it is reached, and what the cluster's own people have put there.
import { z } from "zod";
import { cidr, cidrAllowed, field, kubernetesName, labelValue, registryHost } from "./fields";

export const name = (is: string, controls: string[]) =>
  field(kubernetesName, { is, controls, allowed: "a name of Kubernetes, such as `fast-ssd`" });

export const ranges = (is: string, controls: string[]) =>
  field(z.array(field(cidr, { is: "One range.", controls, allowed: cidrAllowed })).min(1), {
    is,
    controls,
    allowed: "a list of at least one IPv4 range",
  });

export const podLabels = field(
  z.record(
    field(z.string().regex(/^[\w./-]{1,317}$/), { is: "Key of a label.", allowed: "a label's key" }),
    field(labelValue, { is: "Value of a label.", allowed: "a label's value" }),
  ),
  { is: "Labels that its pods, and no others of the namespace, have.", controls: ["SA-9"] },
);

export const cluster = field(
  z.strictObject({
    kubeconfig: field(z.string().min(1), {
      is: "Path of the kubeconfig. Without it, the file that `KUBECONFIG` names, or else `~/.kube/config`.",
      controls: ["PF-1"],
      allowed: "a path",
    }).optional(),
    context: field(z.string().min(1), {
      is: "Context of the kubeconfig; its current one unless told.",
      controls: ["PF-1"],
      allowed: "the name of a context",
    }).optional(),
    registry: field(registryHost, {
      is: "Registry that the nodes pull all images from.",
      controls: ["RT-1", "PF-2"],
      allowed: "a host, with its port if not 443 and a path if there is one, such as registry.example.com:5000",
    }),
    storageClasses: field(
      z.strictObject({
        replica: name("Class of volumes that one replica writes.", ["IS-3"]),
        replicas: name("Class of volumes that all replicas share (ReadWriteMany).", ["IS-4"]),
      }),
      { is: "Storage classes by what they must do.", controls: ["SA-7"] },
    ),
    ingress: field(
      z.strictObject({
        className: name("Class of the Ingresses.", ["SA-6"]),
        namespace: name("Namespace of the controller.", ["SA-9"]),
        podLabels,
        tlsSecret: name("Secret with a certificate that callers trust, in each workload's namespace.", [
          "SA-6",
        ]).optional(),
      }),
      { is: "Ingress controller; without it public services are reached in the cluster only.", controls: ["SA-6"] },
    ).optional(),
    dns: field(
      z.strictObject({
        namespace: name("Namespace of the pods that answer DNS.", ["SA-9"]).default("kube-system"),
        podLabels: podLabels.default({ "k8s-app": "kube-dns" }),
        port: field(z.int().min(1).max(65_535), {
          is: "Port they listen on; OpenShift's is 5353.",
          controls: ["SA-9"],
        }).default(53),
      }),
      { is: "Who answers DNS.", controls: ["SA-9"] },
    ).prefault({}),
    ranges: field(
      z.strictObject({
        pods: ranges("Ranges of the pods.", ["SA-9"]),
        services: ranges("Ranges of the services.", ["SA-9"]),
        nodes: ranges("Ranges of the nodes.", ["SA-9"]),
        privateEgress: ranges(
          "Private ranges outside the cluster in which hosts of a service's `egress` may lie. None unless told.",
          ["RT-27"],
        ).optional(),
      }),
      { is: "Addresses of the cluster itself: nobody's way out leads there.", controls: ["SA-9", "RT-27"] },
    ),
    podMetrics: field(z.boolean(), {
      is: "Whether an adapter serves metrics of pods beside CPU and memory, for autoscalers.",
      controls: ["RT-6"],
    }).default(false),
    apiServer: field(
      z.strictObject({
        ranges: ranges("Ranges its addresses lie in, as pods reach it behind its Service.", ["SA-9"]),
        port: field(z.int().min(1).max(65_535), {
          is: "Its port there, which is rarely the Service's own.",
          controls: ["SA-9"],
        }).default(6443),
      }),
      { is: "API server, for those few pods that talk to it.", controls: ["SA-9"] },
    ),
  }),
  { is: "The cluster, and what it offers.", controls: ["PF-1"] },
);
