// AWS components: the ECS cluster of one environment, and the namespace in which its services find each other (SA-3).
import * as ecs from "@pulumi/aws/ecs";
import * as servicediscovery from "@pulumi/aws/servicediscovery";
import * as pulumi from "@pulumi/pulumi";

export interface ClusterArgs {
  /** Container Insights: `enhanced` has metrics per task and container, `enabled` per service. Default `enhanced` (SA-12). */
  containerInsights?: "enhanced" | "enabled";
  /**
   * KMS key of the tasks' ephemeral storage (SA-7). Its policy must admit `fargate.amazonaws.com`. Left out: a key AWS
   * holds, AES-256 as well.
   */
  ephemeralStorageKeyArn?: pulumi.Input<string>;
}

export class Cluster extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  /** Service Connect namespace; an HTTP one, so no name of a service is in any DNS. */
  readonly namespaceArn: pulumi.Output<string>;

  constructor(name: string, args: ClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:Cluster", name, {}, options);
    const namespace = new servicediscovery.HttpNamespace(
      name,
      { description: `Services of ${name}` },
      { parent: this },
    );
    const cluster = new ecs.Cluster(
      name,
      {
        settings: [{ name: "containerInsights", value: args.containerInsights ?? "enhanced" }],
        serviceConnectDefaults: { namespace: namespace.arn },
        configuration: {
          // Every service refuses shells; the cluster gives a session nowhere to go either.
          executeCommandConfiguration: { logging: "NONE" },
          ...(args.ephemeralStorageKeyArn && {
            managedStorageConfiguration: { fargateEphemeralStorageKmsKeyId: args.ephemeralStorageKeyArn },
          }),
        },
      },
      { parent: this },
    );
    const providers = new ecs.ClusterCapacityProviders(
      name,
      {
        clusterName: cluster.name,
        capacityProviders: ["FARGATE", "FARGATE_SPOT"],
        // Spot takes tasks away at two minutes' notice; whoever wants that must ask for it.
        defaultCapacityProviderStrategies: [{ capacityProvider: "FARGATE", base: 1, weight: 1 }],
      },
      { parent: this },
    );

    this.arn = cluster.arn;
    this.name = providers.clusterName;
    this.namespaceArn = namespace.arn;
    this.registerOutputs({ arn: this.arn, name: this.name, namespaceArn: this.namespaceArn });
  }
}
