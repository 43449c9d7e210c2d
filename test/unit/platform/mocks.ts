// Platform tests: what AWS answers to a whole stack, and the types such a stack may register.
import golden from "../../preview/golden/dev.json";
import type { Expectation } from "../record";

/** ACM asks for a record of every name of a certificate. */
function proofs({ domainName, subjectAlternativeNames }: Record<string, unknown>) {
  const names = [domainName, ...(Array.isArray(subjectAlternativeNames) ? subjectAlternativeNames : [])];
  return [...new Set(names)].map(name => ({
    domainName: name,
    resourceRecordName: `_proof.${name}`,
    resourceRecordType: "CNAME",
    resourceRecordValue: "_value",
  }));
}

/** The dev stack has all systems, so what it registers is what any stack may, unless a test adds to it. */
export const stackMocks = {
  types: Object.keys(golden)
    .map(urn => urn.split("::")[0]?.split("$").at(-1) ?? "")
    .concat("aws:sqs/redrivePolicy:RedrivePolicy"),
  calls: { "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "123456789012" } },
  outputs: {
    "aws:acm/certificate:Certificate": (inputs: Record<string, unknown>) => ({
      domainValidationOptions: proofs(inputs),
    }),
    "aws:ec2/vpc:Vpc": () => ({ ipv6CidrBlock: "2a05:d014:abc:de00::/56" }),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ({ serviceName }: Record<string, unknown>) => ({
      prefixListId: `pl-${String(serviceName).split(".").at(-1)}`,
    }),
    "aws:rds/instance:Instance": (_: Record<string, unknown>, name: string) => ({ resourceId: `db-${name}` }),
    "aws:ecr/repository:Repository": ({ name }: Record<string, unknown>) => ({
      repositoryUrl: `registry.example/${name}`,
    }),
  },
} satisfies Expectation;
