import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { EdgeCertificate, type EdgeCertificateArgs } from "../../../src/components/aws/edge-certificate";
import { only, type Registered } from "../record";
import { recordTypes } from "./samples";

/** ACM answers with the records it wants, which the recorder of the other tests cannot. */
async function build(args: Omit<EdgeCertificateArgs, "hostedZoneId">): Promise<Registered[]> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs }) {
      registered.push({ type, name, inputs });
      const domainValidationOptions = [...args.hostNames].reverse().map(domainName => ({
        domainName,
        resourceRecordName: `_proof.${domainName}`,
        resourceRecordType: "CNAME",
        resourceRecordValue: `${domainName}.acm-validations.aws`,
      }));
      return {
        id: `${name}-id`,
        state: { arn: "arn:certificate", fqdn: inputs.name, domainValidationOptions, ...inputs },
      };
    },
    call: () => ({}),
  });
  new EdgeCertificate("edge", { ...args, hostedZoneId: "Z1" });
  await pulumi.runtime.disconnect(false);
  return registered;
}

test("each name is proven by the record ACM asks for it, in whatever order it asks", async () => {
  const registered = await build({ hostNames: ["api.example.com", "app.example.com"] });
  expect(only(registered, "aws:acm/certificate:Certificate").inputs).toMatchObject({
    domainName: "api.example.com",
    subjectAlternativeNames: ["app.example.com"],
    validationMethod: "DNS",
  });
  const records = registered.filter(r => r.type === "aws:route53/record:Record");
  expect(records.map(r => [r.name, r.inputs.name, r.inputs.records])).toEqual([
    ["edge-api.example.com", "_proof.api.example.com", ["api.example.com.acm-validations.aws"]],
    ["edge-app.example.com", "_proof.app.example.com", ["app.example.com.acm-validations.aws"]],
  ]);
  expect(only(registered, "aws:acm/certificateValidation:CertificateValidation").inputs).toEqual({
    certificateArn: "arn:certificate",
    validationRecordFqdns: ["_proof.api.example.com", "_proof.app.example.com"],
  });
});

test("nobody waits for a zone that nobody resolves", async () => {
  const registered = await build({ hostNames: ["api.example.com"], validate: false });
  expect(registered.filter(r => r.type.includes("CertificateValidation"))).toEqual([]);
});

test.each([[[]], [["a.example.com", "a.example.com"]]])("host names %o are refused", async hostNames => {
  const refused = recordTypes([], () => new EdgeCertificate("edge", { hostNames, hostedZoneId: "Z1" }));
  await expect(refused).rejects.toThrow("`hostNames`");
});
