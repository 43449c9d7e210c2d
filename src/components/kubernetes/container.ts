// Kubernetes components: a container as a pod has it: by digest, bounded, confined. Pure; for services and the platform's own alike.
import { requireDigest } from "../aws/container-definition";
import type { Value } from "./object";
import type { Container, VolumeMount } from "./pod-parts";
import { type Bounds, resources } from "./resources";
import { containerSecurityContext } from "./security-context";

export interface ContainerInputs {
  name: string;
  /** `repository@sha256:…` (RT-1). */
  image: string;
  /** In place of the image's entry point. */
  command?: readonly string[];
  args?: readonly string[];
  bounds: Bounds;
  environment?: Record<string, Value>;
  /** Variables whose values are in Secrets (SA-8). */
  secretEnvironment?: Record<string, { secret: string; key: string }>;
  mounts?: readonly VolumeMount[];
  ports?: readonly { name: string; number: number }[];
  /** User id, where it is not the pod's. */
  user?: number;
  /** Probes, lifecycle and whatever else the API has. */
  more?: Record<string, unknown>;
}

/** @throws Error for an image without digest, or a variable that is both a value and a secret. */
export function container(inputs: ContainerInputs): Container {
  const { name, image, command, args, environment = {}, secretEnvironment = {}, mounts = [], ports = [] } = inputs;
  requireDigest(image);
  const both = Object.keys(environment).find(variable => variable in secretEnvironment);
  if (both) throw new Error(`container \`${name}\` has variable \`${both}\` as a value and as a secret`);
  const env = [
    ...Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
    ...Object.entries(secretEnvironment).map(([variable, { secret, key }]) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secret, key } },
    })),
  ];
  return {
    name,
    image,
    // A digest never means another image: what the node has is right.
    imagePullPolicy: "IfNotPresent",
    ...(command && { command: [...command] }),
    ...(args && { args: [...args] }),
    ...(ports.length > 0 && {
      ports: ports.map(port => ({ name: port.name, containerPort: port.number, protocol: "TCP" })),
    }),
    ...(env.length > 0 && { env: env.sort((a, b) => (a.name < b.name ? -1 : 1)) }),
    resources: resources(inputs.bounds),
    securityContext: containerSecurityContext(inputs.user),
    ...(mounts.length > 0 && { volumeMounts: [...mounts] }),
    // Nothing of what a process last wrote is copied into the API's objects (SP-6).
    terminationMessagePolicy: "File",
    ...inputs.more,
  };
}
