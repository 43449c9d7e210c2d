// AWS components: the add-ons of an EKS cluster, each pinned, each with no more identity than it needs (SA-9, SA-13, CP-3).
import * as eks from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { type AddonSpec, addonAccounts, addonTable } from "./eks-addon-table";
import { addonLogGroup, observabilityConfiguration } from "./eks-log-shipping";
import { PodRole, type PodRoleArgs } from "./eks-pod-role";
import { LogStream, type LogStreamArgs } from "./log-stream";

export interface EksAddonsArgs extends Omit<PodRoleArgs, "statements"> {
  environment: string;
  /** Where the add-ons' own lines go, and under the same conditions those of the workloads. */
  log: Omit<LogStreamArgs, "logGroupName">;
  /** Whether workloads mount file systems. */
  files: boolean;
}

export class EksAddons extends pulumi.ComponentResource {
  /** What nodes need to become ready. */
  readonly beforeNodes: pulumi.Resource[] = [];
  /** Role in which nodes mount file systems, if workloads have some: its policy names each directory (IS-9). */
  readonly filesRole?: PodRole;
  private readonly component: string;
  private readonly args: EksAddonsArgs;
  private readonly observability: PodRole;

  constructor(component: string, args: EksAddonsArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:EksAddons", component, {}, options);
    this.component = component;
    this.args = args;
    const network = this.managed("network", "AmazonEKS_CNI_Policy");
    const { efs, observability, ...common } = addonTable;
    const identities: Partial<Record<keyof typeof common, object>> = { "vpc-cni": identity("network", network) };
    for (const [key, spec] of Object.entries(common)) {
      const addon: AddonSpec = spec;
      if (addon.beforeNodes) this.beforeNodes.push(this.add(addon, identities[key as keyof typeof common]));
    }
    this.observability = this.managed("observability", "CloudWatchAgentServerPolicy");
    if (args.files) this.filesRole = new PodRole(`${component}-files`, { ...args, statements: [] }, { parent: this });
    this.registerOutputs({});
  }

  /** Those that run as pods, once there are nodes for them: EKS waits until they do. */
  addOnNodes(nodes: pulumi.Resource): void {
    const { environment, region, clusterName, log } = this.args;
    const options = { parent: this, dependsOn: [nodes] };
    this.add(addonTable.coredns, {}, options);
    this.add(addonTable["metrics-server"], {}, options);
    if (this.filesRole) this.add(addonTable.efs, identity("files", this.filesRole), options);
    const group = new LogStream(
      `${this.component}-add-ons`,
      { ...log, logGroupName: addonLogGroup(environment) },
      { parent: this },
    );
    const configurationValues = pulumi
      .output(clusterName)
      .apply(name => JSON.stringify(observabilityConfiguration({ environment, region, clusterName: name })));
    this.add(
      addonTable.observability,
      { ...identity("observability", this.observability), configurationValues },
      { parent: this, dependsOn: [nodes, group] },
    );
  }

  private add(spec: AddonSpec, more: object = {}, options: pulumi.CustomResourceOptions = { parent: this }) {
    return new eks.Addon(
      `${this.component}-${spec.name}`,
      {
        clusterName: this.args.clusterName,
        addonName: spec.name,
        addonVersion: spec.version,
        ...(spec.configuration && { configurationValues: JSON.stringify(spec.configuration) }),
        // What is said here holds, whoever changed it by hand.
        resolveConflictsOnCreate: "OVERWRITE",
        resolveConflictsOnUpdate: "OVERWRITE",
        ...more,
      },
      options,
    );
  }

  /** A role with the policy that AWS keeps for an add-on of its own. */
  private managed(account: keyof typeof addonAccounts, policy: string): PodRole {
    const role = new PodRole(`${this.component}-${account}`, { ...this.args, statements: [] }, { parent: this });
    new iam.RolePolicyAttachment(
      `${this.component}-${account}`,
      { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
      { parent: this },
    );
    return role;
  }
}

function identity(account: keyof typeof addonAccounts, role: PodRole) {
  return { podIdentityAssociations: [{ serviceAccount: addonAccounts[account], roleArn: role.arn }] };
}
