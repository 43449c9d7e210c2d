// AWS components: how services of one namespace find and trust each other. Pure (SA-6, SA-13).
import type * as aws from "@pulumi/aws/types";
import type * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";

/** Certificates for the traffic between the proxies: TLS 1.3, under whatever TLS the processes speak themselves. */
export interface ServiceTls {
  authorityArn: pulumi.Input<string>;
  /** Role with which ECS issues the certificates. */
  roleArn: pulumi.Input<string>;
  /** Encrypts their private keys. */
  keyArn: pulumi.Input<string>;
}

/** CPU and memory of the proxy that ECS adds to a task, as AWS recommends to reserve them. */
export const proxyResources = { cpuMillicores: 250, memoryMiB: 64 };

/** `server`: may be called. `client`: only calls, be it a host outside by way of its egress proxy. `none`: neither, so the task carries no proxy. */
export function connectRole({ network, environment }: Service): "server" | "client" | "none" {
  if (network.exposure === "internal" || network.callers.length > 0) return "server";
  const calls = Object.values(environment).some(value => typeof value === "object" && "endpointOf" in value);
  return calls || network.egress.length > 0 ? "client" : "none";
}

/**
 * Where other services of the namespace reach a service: the value of an `endpointOf` variable.
 * @throws Error if no service may call it, or it has no port.
 */
export function internalEndpoint(serviceName: string, service: Service): string {
  const [port] = service.ports;
  if (connectRole(service) !== "server" || !port)
    throw new Error(`service \`${serviceName}\` has no internal endpoint: nobody may call it`);
  return `${port.protocol}://${serviceName}:${port.number}`;
}

/**
 * Ports on which the proxy of a server takes calls. It stands in front of the process's own ports, unless the load
 * balancer talks to those: then it has ports of its own.
 */
export function proxyPorts({ network, ports }: Service): number[] {
  return ports.map((port, i) => (network.exposure === "public" ? 20_100 + i : port.number));
}

export interface ServiceConnectInputs {
  namespaceArn: pulumi.Input<string>;
  logGroupName: pulumi.Input<string>;
  region: string;
  /** Needed by a server. */
  tls?: ServiceTls;
}

/** @throws Error for a server without `tls`. */
export function serviceConnect(
  serviceName: string,
  service: Service,
  inputs: ServiceConnectInputs,
): aws.input.ecs.ServiceServiceConnectConfiguration | undefined {
  const role = connectRole(service);
  if (role === "none") return undefined;
  const { tls } = inputs;
  if (role === "server" && !tls)
    throw new Error(`\`tls\` is missing; callers reach service \`${serviceName}\` over TLS only`);
  const ingressPorts = proxyPorts(service);
  return {
    enabled: true,
    namespace: inputs.namespaceArn,
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": inputs.logGroupName,
        "awslogs-region": inputs.region,
        "awslogs-stream-prefix": `${serviceName}-proxy`,
      },
    },
    ...(role === "server" &&
      tls && {
        services: service.ports.map((port, i) => ({
          portName: port.name,
          ...(ingressPorts[i] !== port.number && { ingressPortOverride: ingressPorts[i] }),
          discoveryName: `${serviceName}-${port.name}`,
          clientAlias: [{ dnsName: serviceName, port: port.number }],
          tls: {
            issuerCertAuthority: { awsPcaAuthorityArn: tls.authorityArn },
            roleArn: tls.roleArn,
            kmsKey: tls.keyArn,
          },
        })),
      }),
  };
}
