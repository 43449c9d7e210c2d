// Kubernetes components: the log shipper of a workload. It follows the log files on the volumes and sends each line to the log sink (IS-6).
// One pod for all replicas, which share the files. A line outlives the pod that read it: what is read is on disk before its
// place is noted. It arrives twice if the pod is killed between the two.
import { type LogFile, logFiles } from "../../workload/log-files";
import { logShipperName } from "../../workload/volume-faults";
import { certificateMount, certificatePlan, certificateVolume } from "./certificates";
import { type ClusterHome, helperImage } from "./cluster-home";
import { type CollectorConfig, collectorOf, collectorService, collectorStorage, memoryLimiter } from "./collector";
import { claimTemplate, helperObjects } from "./helper";
import { sinkExporter, sinkWay } from "./log-delivery";
import { kindAttribute } from "./log-statements";
import { objectName } from "./names";
import { labelsOf } from "./object";
import type { WorkloadPart } from "./pod-parts";

/** Where the shipper sees the volumes it follows, each under its own name. */
const followedPath = "/followed";
const bounds = { cpuMillicores: 100, memoryMiB: 256 };

/** @throws Error if a log file is on a volume that each replica has for itself: no other pod could read it. */
export function logShipperPart(home: ClusterHome): WorkloadPart {
  const { workload, namespace, storageClasses } = home;
  const files = logFiles(workload);
  const [first] = files;
  if (!first) return {};
  requireShared(home, files);
  const volumes = [...new Set(files.map(({ volume }) => volume))];
  const collector = collectorOf({
    workload: workload.name,
    part: logShipperName,
    namespace,
    image: helperImage(home, "collector"),
    config: shipperConfig(home, files),
    bounds,
    mounts: [
      certificateMount,
      { name: "positions", mountPath: collectorStorage },
      ...volumes.map(volume => ({
        name: objectName(`followed-${volume}`),
        mountPath: `${followedPath}/${volume}`,
        readOnly: true,
      })),
    ],
  });
  return {
    objects: [
      collector.configMap,
      ...helperObjects(home, {
        name: logShipperName,
        // The files are readable by their owner.
        user: workload.state.volumes[first.volume]?.ownerUser ?? 1000,
        claims: [
          claimTemplate("positions", labelsOf(workload.name, logShipperName), {
            storageClass: storageClasses.replica,
            sizeGiB: 1,
          }),
        ],
        egress: [sinkWay(home)],
        podAnnotations: collector.annotations,
        volumes: [
          collector.volume,
          certificateVolume(logShipperName),
          ...volumes.map(volume => ({
            name: objectName(`followed-${volume}`),
            persistentVolumeClaim: { claimName: objectName(volume), readOnly: true },
          })),
        ],
        containers: [collector.container],
      }),
    ],
    secrets: [
      certificatePlan({
        workload: workload.name,
        part: logShipperName,
        namespace,
        usages: ["client"],
        authority: "platform",
      }),
    ],
  };
}

/** One receiver for each file: the lines as they are, and whose they are. */
export function shipperConfig(home: ClusterHome, files: readonly LogFile[]): CollectorConfig {
  const named = files.map(file => ({ file, receiver: `filelog/${file.service}-${file.kind}-${slug(file)}` }));
  return {
    receivers: Object.fromEntries(
      named.map(({ file, receiver }) => [
        receiver,
        {
          include: [`${followedPath}/${file.volume}/${file.within}`],
          include_file_name: false,
          start_at: "beginning",
          storage: "file_storage",
          // Who writes is on another machine, which tells nobody of changes.
          poll_interval: "1s",
          max_log_size: "1MiB",
          retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
          attributes: { [kindAttribute]: file.kind, "log.file.path": file.path },
          resource: {
            "service.namespace": home.workload.name,
            "service.name": file.service,
            "service.version": home.buildSha,
            "deployment.environment.name": home.environment,
            "host.name": logShipperName,
          },
        },
      ]),
    ),
    processors: { memory_limiter: memoryLimiter(bounds) },
    exporters: sinkExporter(home),
    ...collectorService(
      { storage: true },
      {
        logs: {
          receivers: named.map(({ receiver }) => receiver),
          processors: ["memory_limiter"],
          exporters: ["otlphttp"],
        },
      },
    ),
  };
}

/** The same after any change of the other files: how far a file was read is kept by it. */
function slug({ volume, within }: LogFile): string {
  return `${volume}-${within}`.replaceAll(/[^A-Za-z0-9]+/g, "-");
}

function requireShared({ workload }: ClusterHome, files: readonly LogFile[]): void {
  const own = files.find(({ volume }) => workload.state.volumes[volume]?.sharing !== "replicas");
  if (own)
    throw new Error(
      `log file \`${own.path}\` of service \`${own.service}\` is on volume \`${own.volume}\`, which each replica has for itself; ` +
        "a log file that is followed needs `sharing: replicas`, or the log goes to standard output (IS-6)",
    );
}
