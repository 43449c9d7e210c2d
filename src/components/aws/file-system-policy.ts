// AWS components: who may do what in a file system, as statements of IAM. Pure (SA-6, SA-13, IS-9).
import type { PolicyStatement } from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";

/** Roles that mount a directory, and those of them that may write to it. */
export interface DirectoryClients {
  mounting: pulumi.Input<string>[];
  writing: pulumi.Input<string>[];
}

interface Directory {
  /** Letters, digits and hyphens. */
  name: string;
  accessPointArn: pulumi.Input<string>;
  clients: DirectoryClients;
}

const mount = "elasticfilesystem:ClientMount";
const write = "elasticfilesystem:ClientWrite";
const root = "elasticfilesystem:ClientRootAccess";
const accessPoint = "elasticfilesystem:AccessPointArn";

/** What a client's own role needs for one directory. */
export function directoryUse(
  fileSystemArn: pulumi.Input<string>,
  accessPointArn: pulumi.Input<string>,
  writes: boolean,
): PolicyStatement {
  return {
    Effect: "Allow",
    Action: writes ? [mount, write] : mount,
    Resource: fileSystemArn,
    Condition: { StringEquals: { [accessPoint]: accessPointArn } },
  };
}

/**
 * Policy of a file system. It only denies, so it opens nothing; the permission is in the clients' roles, and no other
 * permission in the account outweighs a denial. Where nobody writes, nobody can (IS-9).
 */
export function fileSystemPolicy(fileSystemArn: pulumi.Input<string>, directories: Directory[]): PolicyStatement[] {
  const deny = (Sid: string, Action: string[], Condition?: PolicyStatement["Condition"]): PolicyStatement => ({
    Sid,
    Effect: "Deny",
    Principal: { AWS: "*" },
    Action,
    Resource: fileSystemArn,
    ...(Condition && { Condition }),
  });
  return [
    deny("DenyPlainTransport", [mount, write, root], { Bool: { "aws:SecureTransport": "false" } }),
    deny("DenyRoot", [root]),
    // A negation holds for what is missing as well: without an access point nobody mounts.
    deny("DenyOtherAccessPoints", [mount, write], {
      StringNotEquals: { [accessPoint]: directories.map(({ accessPointArn }) => accessPointArn) },
    }),
    ...directories.flatMap(({ name, accessPointArn, clients }) => {
      const id = name.replaceAll(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());
      const here = { StringEquals: { [accessPoint]: accessPointArn } };
      const but = (roles: pulumi.Input<string>[]) =>
        // An empty list would match nobody, and so deny nobody.
        roles.length > 0 ? { ...here, ArnNotEquals: { "aws:PrincipalArn": roles } } : here;
      return [
        deny(`${id}Mounting`, [mount], but(clients.mounting)),
        deny(`${id}Writing`, [write], but(clients.writing)),
      ];
    }),
  ];
}
