// AWS components: the log shipper of a workload. It follows the log files on the volumes and sends each kind to a log group of its own (IS-6).
import * as pulumi from "@pulumi/pulumi";
import { type LogFile, logFiles } from "../../workload/log-files";
import { logShipperName } from "../../workload/volume-faults";
import { type Service, service, type Workload } from "../../workload/workload";
import { ServiceAutoscaling } from "./autoscaling";
import { ExecutionRole } from "./execution-role";
import { FargateService } from "./fargate-service";
import { followedPath, positionsPath, shipperCommand, shipperEntryPoint } from "./log-shipper-command";
import { LogStream } from "./log-stream";
import { raise } from "./metric-alarm";
import type { SaasFoundation } from "./saas-foundation";
import { taskAlarms } from "./service-alarms";
import type { ServiceCompute } from "./service-compute";
import { combineParts, type ServiceParts } from "./service-parts";
import { TaskRole } from "./task-role";

export interface LogShipperArgs {
  workload: Workload;
  environment: string;
  foundation: SaasFoundation;
  /** What the volumes of the workload add to it, as made from `followedVolumes`. */
  parts: ServiceParts;
  accountId: pulumi.Input<string>;
  region: string;
  /** Least number of days that the log groups keep their events (RT-23). */
  logDays: number;
  /** Wait until it runs. */
  waitForSteadyState: boolean;
}

/**
 * One task for all replicas: they share the files, so a shipper beside each would send every line once per replica. An
 * update stops the old task before it starts the new one. A line outlives the task that read it; it arrives twice if the
 * task is killed between a delivery and its note of it. Lost are, if the machine under the task fails, the lines of the
 * last seconds: Fluent Bit writes its buffers behind, and its command line has no word to change that. They are still in
 * the file.
 *
 * The image is AWS for Fluent Bit, version 3 or later: before Fluent Bit 2, its buffers could not be on NFS.
 * @throws Error if the workload has no log file, or the stack gives no image of the shipper.
 */
export class LogShipper extends pulumi.ComponentResource {
  readonly compute: ServiceCompute;

  constructor(name: string, args: LogShipperArgs, options?: pulumi.ComponentResourceOptions) {
    const { workload, foundation, region, accountId } = args;
    const files = logFiles(workload);
    if (files.length === 0) throw new Error(`\`workload\` \`${workload.name}\` has no log file on a volume`);
    const image = foundation.images.find("log-shipper");
    super("palisade:aws:LogShipper", name, {}, options);
    const child = { parent: this };
    const parts = combineParts([args.parts]);
    const stream = (suffix: string, path: string) =>
      new LogStream(
        suffix ? `${name}-${suffix}` : name,
        {
          logGroupName: `/palisade/${args.environment}/${workload.name}/${path}`,
          retentionDays: args.logDays,
          keyArn: foundation.keys.arnOf("logs"),
          sink: foundation.logSink,
        },
        child,
      );

    const own = stream("", logShipperName);
    const streams = new Map(
      [...new Map(files.map(file => [groupOf(file), file])).entries()].map(([group, file]) => [
        group,
        stream(`${file.service}-${file.kind}`, group),
      ]),
    );
    const executionRole = new ExecutionRole(
      name,
      { region, accountId, repositoryArns: [image.repositoryArn], logGroupArns: [own.logGroupArn] },
      child,
    );
    const taskRole = new TaskRole(
      name,
      {
        region,
        accountId,
        statements: [
          {
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource: [...streams.values()].map(({ logGroupArn }) => pulumi.interpolate`${logGroupArn}:*`),
          },
          ...parts.statements,
        ],
      },
      child,
    );
    for (const tell of parts.onRole) tell(taskRole.arn);
    const shipped = files.map(file => ({
      ...file,
      logGroupName: `/palisade/${args.environment}/${workload.name}/${groupOf(file)}`,
    }));
    const specification = shipperService(shipperCommand(shipped, region));
    const fargate = new FargateService(
      name,
      {
        region,
        serviceName: logShipperName,
        service: specification,
        image: image.reference,
        executionRoleArn: executionRole.arn,
        taskRoleArn: taskRole.arn,
        logGroupName: own.logGroupName,
        volumes: parts.volumes,
        mounts: parts.mounts,
        clusterArn: foundation.cluster.arn,
        namespaceArn: foundation.cluster.namespaceArn,
        vpcId: foundation.network.vpcId,
        subnetIds: foundation.network.privateSubnetIds,
        singleton: true,
        waitForSteadyState: args.waitForSteadyState,
      },
      // The groups it writes to are there before it is.
      { parent: this, dependsOn: [...streams.values()] },
    );
    for (const { name: peerName, peer, port } of parts.peers) fargate.allowTo(peerName, peer, port);
    const running = {
      service: specification,
      clusterName: foundation.cluster.name,
      serviceName: fargate.serviceName,
      brakeArn: foundation.eks ? undefined : foundation.restartBrake.functionArn,
    };
    // It is one task; the brake stops it by holding its target (RT-5).
    new ServiceAutoscaling(name, { ...running, scaling: specification.scaling }, { parent: this });
    raise(name, taskAlarms(running), foundation.alarmTopic.arn, this);
    this.compute = fargate;
    this.registerOutputs({ serviceName: fargate.serviceName });
  }
}

/**
 * Volumes of a workload as the shipper needs them: it mounts those with log files, read-only, and a small one of its own,
 * of the data class of the first of them, since it holds lines on their way.
 */
export function followedVolumes(workload: Workload): Workload["state"]["volumes"] {
  const { volumes } = workload.state;
  const followed = [...new Set(logFiles(workload).map(file => file.volume))];
  const first = volumes[followed[0] ?? ""];
  if (!first) return volumes;
  const reading = (name: string) => ({ service: logShipperName, path: `${followedPath}/${name}`, readOnly: true });
  return {
    ...Object.fromEntries(
      Object.entries(volumes).map(([name, volume]) => [
        name,
        followed.includes(name) ? { ...volume, mounts: [...volume.mounts, reading(name)] } : volume,
      ]),
    ),
    [logShipperName]: {
      dataClass: first.dataClass,
      ownerUser: 1000,
      sizeGiB: 1,
      sharing: "replicas",
      mounts: [{ service: logShipperName, path: positionsPath, readOnly: false }],
    },
  };
}

/** The shipper in the terms of a workload, so that it is held to the same bounds as one. */
function shipperService(command: string[]): Service {
  return service.parse({
    description: "Carries log files to CloudWatch Logs.",
    image: { repository: "palisade/log-shipper", command: shipperEntryPoint, arguments: command },
    resources: { cpuMillicores: 250, memoryMiB: 512 },
    scaling: { minReplicas: 1, maxReplicas: 1 },
    network: { exposure: "none" },
  });
}

/** Log group of a file, below that of its workload. */
function groupOf({ service, kind }: LogFile): string {
  return `${service}/${kind}`;
}
