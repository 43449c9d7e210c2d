// AWS components: the vector database, a PostgreSQL of its own with pgvector (SA-5).
// OpenSearch Serverless, S3 Vectors and Pinecone have no twin on a customer's cluster; pgvector runs in RDS and in any
// PostgreSQL container, with the same SQL. It has an instance of its own because an index build takes the memory and
// the cores of its host, which the user database must not lose. pgvector needs no preloaded library:
// `CREATE EXTENSION vector` is the first step of the application's migration, which connects as the master user.
import * as pulumi from "@pulumi/pulumi";
import { PostgresDatabase, type PostgresDatabaseArgs } from "./database";
import { type InstanceClass, instanceClass } from "./instance-class";

export type VectorStoreArgs = Omit<PostgresDatabaseArgs, "parameters">;

/** @throws Error for an instance class that is not in the table, or whatever `PostgresDatabase` refuses. */
export class VectorStore extends pulumi.ComponentResource {
  readonly database: PostgresDatabase;

  constructor(name: string, args: VectorStoreArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:VectorStore", name, {}, options);
    this.database = new PostgresDatabase(
      name,
      { ...args, parameters: indexBuildParameters(instanceClass(args.instanceClass)) },
      { parent: this },
    );
    this.registerOutputs({ host: this.database.host, arn: this.database.arn });
  }
}

/**
 * Parameters under which pgvector builds an index in memory and in parallel. Memory is in KiB, as PostgreSQL counts it.
 * One HNSW build shares one `maintenance_work_mem` among its workers: a quarter of the instance, beside the quarter
 * RDS gives to shared buffers.
 */
export function indexBuildParameters({ vcpus, memoryMiB }: InstanceClass): { name: string; value: string }[] {
  const memoryKiB = memoryMiB * 1024;
  return Object.entries({
    maintenance_work_mem: Math.floor(memoryKiB / 4),
    // Each of three autovacuum workers would otherwise take a quarter too.
    autovacuum_work_mem: Math.max(65_536, Math.floor(memoryKiB / 32)),
    // Half the cores build, the others answer; PostgreSQL's default pool of parallel workers holds eight.
    max_parallel_maintenance_workers: Math.min(Math.max(Math.floor(vcpus / 2), 1), 7),
  }).map(([name, value]) => ({ name, value: String(value) }));
}
