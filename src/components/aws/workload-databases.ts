// AWS components: the databases of one workload, each with its alarms (SA-4, SA-5).
import * as pulumi from "@pulumi/pulumi";
import { type StoreKind, storeKinds } from "../../workload/hops";
import type { Workload } from "../../workload/workload";
import { PostgresDatabase, type PostgresDatabaseArgs } from "./database";
import { DatabaseAlarms } from "./database-alarms";
import type { SaasFoundation } from "./saas-foundation";
import { VectorStore } from "./vector-store";

/** What a stack decides about a database; the specification decides the rest. */
export type DatabaseChoice = Pick<
  PostgresDatabaseArgs,
  "instanceClass" | "multiAz" | "deletionProtection" | "finalSnapshot" | "backupRetentionDays"
>;

export interface WorkloadDatabasesArgs {
  state: Workload["state"];
  foundation: SaasFoundation;
  choices: Record<StoreKind, DatabaseChoice>;
  /** Least number of days that logs are kept (RT-23). */
  logDays: number;
}

export class WorkloadDatabases extends pulumi.ComponentResource {
  readonly postgres?: PostgresDatabase;
  readonly vectors?: PostgresDatabase;

  constructor(
    private readonly component: string,
    private readonly args: WorkloadDatabasesArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:WorkloadDatabases", component, {}, options);
    const { postgres, vectors } = args.state;
    if (postgres)
      this.postgres = new PostgresDatabase(
        `${component}-postgres`,
        { ...this.common("postgres", postgres), ...postgres },
        { parent: this },
      );
    if (vectors)
      this.vectors = new VectorStore(
        `${component}-vectors`,
        { ...this.common("vectors", vectors), ...vectors },
        { parent: this },
      ).database;
    for (const kind of storeKinds) this.watch(kind);
    this.registerOutputs({ postgres: this.postgres?.host, vectors: this.vectors?.host });
  }

  private common(kind: StoreKind, { dataClass }: NonNullable<Workload["state"][StoreKind]>) {
    const { foundation, choices, logDays } = this.args;
    return {
      ...choices[kind],
      vpcId: foundation.network.vpcId,
      subnetIds: foundation.network.dataSubnetIds,
      keyArn: foundation.keys.arnOf(dataClass),
      secretsKeyArn: foundation.keys.arnOf("secrets"),
      logKeyArn: foundation.keys.arnOf("logs"),
      logRetentionDays: logDays,
      sink: foundation.logSink,
      performanceInsights: true,
    };
  }

  private watch(kind: StoreKind): void {
    const { state, foundation, choices } = this.args;
    const [database, specification] = [this[kind], state[kind]];
    if (!database || !specification) return;
    new DatabaseAlarms(
      `${this.component}-${kind}`,
      {
        identifier: database.identifier,
        instanceClass: choices[kind].instanceClass,
        storageGiB: specification.storageGiB,
        topicArn: foundation.alarmTopic.arn,
      },
      { parent: this },
    );
  }
}
