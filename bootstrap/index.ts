// State of shared stacks (PF-8): one locked, encrypted, versioned bucket per account and region. Its own state is local.
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import * as pulumi from "@pulumi/pulumi";
import { createProvider } from "../src/components/aws/provider";
import { StateBackend } from "../src/components/aws/state-backend";

const config = new pulumi.Config("palisade-state");
const region = config.require("region");
const localEndpoint = config.get("localAws") || undefined;

const provider = createProvider("aws", { region, localEndpoint, tags: { "palisade:purpose": "state" } });
const accountId = getCallerIdentityOutput({}, { provider }).accountId;
const backend = new StateBackend(
  "palisade-state",
  {
    accountId,
    region,
    principals: config.getObject<string[]>("principals"),
    forceDestroy: localEndpoint !== undefined,
  },
  { provider },
);

/** For `pulumi login`, and for `pulumi stack init --secrets-provider`. */
export const { url, secretsProvider } = backend;
