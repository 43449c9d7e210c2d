// AWS components: the browser application of a workload, published elsewhere or by the platform (SA-11).
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../../workload/workload";
import { StaticFrontend, type StaticFrontendArgs } from "./static-frontend";

export interface WorkloadFrontendArgs extends Omit<StaticFrontendArgs, "hostName" | "hostedZoneId" | "northVirginia"> {
  hosting: NonNullable<Workload["frontend"]>["hosting"];
  /** Origin it is served from, such as `https://www.example.com`. */
  origin: string;
  /** Host name that an external publisher answers under, such as `cname.vercel-dns.com`; left out: DNS is not the platform's. */
  target?: string;
  /** Public hosted zone; needed for `static` hosting and for a `target`. */
  hostedZoneId?: pulumi.Input<string>;
  /** Needed for `static` hosting. */
  northVirginia?: pulumi.ProviderResource;
}

/** @throws Error if what the hosting needs is missing. */
export class WorkloadFrontend extends pulumi.ComponentResource {
  readonly site?: StaticFrontend;

  constructor(name: string, args: WorkloadFrontendArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:WorkloadFrontend", name, {}, options);
    const { hosting, origin, target, hostedZoneId, northVirginia, ...rest } = args;
    const hostName = new URL(origin).hostname;
    if (hosting === "static")
      this.site = new StaticFrontend(
        name,
        {
          ...rest,
          hostName,
          hostedZoneId: required("hostedZoneId", hostedZoneId),
          northVirginia: required("northVirginia", northVirginia),
        },
        { parent: this },
      );
    else if (target)
      new route53.Record(
        name,
        {
          zoneId: required("hostedZoneId", hostedZoneId),
          name: hostName,
          type: "CNAME",
          records: [target],
          ttl: 300,
        },
        { parent: this },
      );
    this.registerOutputs({ bucketName: this.site?.bucketName, distributionId: this.site?.distributionId });
  }
}

function required<T>(argument: string, value: T | undefined): T {
  if (value === undefined)
    throw new Error(`\`${argument}\` is missing; a frontend that the platform publishes needs it`);
  return value;
}
