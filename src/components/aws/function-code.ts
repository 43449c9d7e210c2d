// AWS components: the code of the platform's own functions: files of `lambda/`, as they are.
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** Path of a file below `lambda/`. */
export function functionFile(file: string): string {
  return join(__dirname, "lambda", file);
}

/** One Python file with what it logs by (RT-23). It has the runtime's boto3 and nothing else. */
export function functionCode(file: string): pulumi.asset.AssetArchive {
  const assets = [file, "log_record.py"].map(name => [name, new pulumi.asset.FileAsset(functionFile(name))]);
  return new pulumi.asset.AssetArchive(Object.fromEntries(assets));
}
