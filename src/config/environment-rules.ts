// Config: what staging and production refuse, as tables. A setting that is fine in dev is a fault where customers are.
import { describeFound } from "./found";
import { isTree, select } from "./paths";
import { localAwsVariable } from "./process-environment";
import type { Finding, Rule } from "./rule";
import { type Environment, environments } from "./shared-schema";

/** One refused value of one setting. */
interface DevSetting {
  readonly id: string;
  readonly control: string;
  readonly environments: readonly Environment[];
  /** Places of the setting; `*` stands for any name. */
  readonly places: readonly string[];
  readonly refuses: (value: unknown) => boolean;
  readonly allowed: string;
}

const databasePlaces = (name: string) => [
  `database.${name}`,
  `workloads.*.postgres.${name}`,
  `workloads.*.vectors.${name}`,
];

const devSettings: readonly DevSetting[] = [
  {
    id: "single-nat",
    control: "SA-12",
    environments: ["prod"],
    places: ["network.egress"],
    refuses: value => value === "single-nat",
    allowed: "`nat-per-zone` or `endpoints`: one zone's failure must not cut off the others",
  },
  {
    id: "single-az-database",
    control: "SA-12",
    environments: ["prod"],
    places: databasePlaces("multiAz"),
    refuses: value => value === false,
    allowed: "`true` in prod",
  },
  {
    id: "deletion-protection",
    control: "PF-6",
    environments: ["prod"],
    places: databasePlaces("deletionProtection"),
    refuses: value => value === false,
    allowed: "`true` in prod",
  },
  {
    id: "final-snapshot",
    control: "PF-6",
    environments: ["prod"],
    places: databasePlaces("finalSnapshot"),
    refuses: value => value === false,
    allowed: "`true` in prod",
  },
  {
    id: "local-aws",
    control: "RT-3",
    environments: ["staging", "prod"],
    places: ["localAws"],
    refuses: value => value !== undefined,
    allowed: `nothing: a dev setting; a preview against a local AWS takes it from the environment variable ${localAwsVariable}`,
  },
  {
    id: "open-origin",
    control: "IS-5",
    environments: ["staging", "prod"],
    places: ["workloads.*.frontendOrigin"],
    refuses: value => typeof value === "string" && !/^https:\/\/(?!(localhost|127\.[\d.]+)(:|$))/.test(value),
    allowed: "an https origin, neither localhost nor `*`",
  },
];

/** Fewest days that each environment keeps things for. */
const floors: readonly { place: string; control: string; days: Record<Environment, number> }[] = [
  { place: "retention.logDays", control: "RT-23", days: { dev: 1, staging: 14, prod: 90 } },
  { place: "retention.objectLockDays", control: "RT-23", days: { dev: 1, staging: 14, prod: 90 } },
  { place: "retention.complianceDays", control: "SP-14", days: { dev: 1, staging: 184, prod: 184 } },
  { place: "edge.accessLogDays", control: "RT-23", days: { dev: 1, staging: 14, prod: 90 } },
  { place: "retention.backupDays", control: "PF-6", days: { dev: 1, staging: 7, prod: 14 } },
  { place: "retention.keyDeletionDays", control: "SA-7", days: { dev: 7, staging: 7, prod: 30 } },
  { place: "retention.secretRecoveryDays", control: "SA-8", days: { dev: 0, staging: 7, prod: 7 } },
];

const settingRules = devSettings.map(
  ({ id, control, environments, places, refuses, allowed }): Rule => ({
    id,
    control,
    environments,
    check: ({ sound }) =>
      places
        .flatMap(place => select(sound, place))
        .filter(([, value]) => refuses(value))
        .map(([path, value]) => ({ at: path, found: describeFound(path, value), allowed })),
  }),
);

const floorRules = floors.map(
  ({ place, control, days }): Rule => ({
    id: `${place.split(".").at(-1)}-floor`,
    control,
    check: ({ sound, environment }) => {
      if (!environment) return [];
      const least = days[environment];
      return select(sound, place)
        .filter(([, value]) => typeof value === "number" && value < least)
        .map(([at, value]) => ({ at, found: `${value} days`, allowed: `at least ${least} days in ${environment}` }));
    },
  }),
);

export const environmentRules: readonly Rule[] = [
  ...settingRules,
  ...floorRules,
  {
    id: "environment-of-stack",
    control: "RT-3",
    check: ({ stack, sound }) => {
      const named = environments.find(environment => environment === stack);
      if (!named || sound.environment === undefined || sound.environment === named) return [];
      return [{ at: ["environment"], found: `"${sound.environment}"`, allowed: `\`${named}\`, as the stack is named` }];
    },
  },
  {
    id: "alarm-recipient",
    mode: "saas",
    control: "SA-12",
    environments: ["prod"],
    check: ({ values }) => {
      // A section that is missing, or a recipient that is faulty, has a fault of its own.
      const written = [...select(values, "alarms.emails.*"), ...select(values, "alarms.pagerDuty")];
      if (!isTree(values.alarms) || written.length > 0) return [];
      return [{ at: ["alarms"], found: "no recipient", allowed: "`emails`, `pagerDuty` or both in prod" }];
    },
  },
  {
    id: "certificate-source",
    mode: "saas",
    control: "SA-6",
    environments: ["staging", "prod"],
    check: ({ values }) => {
      const written = [...select(values, "edge.hostedZoneId"), ...select(values, "edge.certificateArn")];
      if (!isTree(values.edge) || written.length > 0) return [];
      const allowed = "`hostedZoneId`, to request a certificate, or `certificateArn`, to use one that exists";
      return [{ at: ["edge"], found: "neither a hosted zone nor a certificate", allowed }];
    },
  },
  {
    id: "arn-of-region",
    mode: "saas",
    control: "SA-6",
    check: ({ sound }) =>
      ["edge.certificateArn", "serviceCa.arn"]
        .flatMap(place => select(sound, place))
        .flatMap(([at, arn]): Finding[] => {
          const region = String(arn).split(":")[3];
          if (sound.region === undefined || region === sound.region) return [];
          return [{ at, found: `one of ${region}`, allowed: `one of the stack's region, ${sound.region}` }];
        }),
  },
  {
    id: "local-aws-update",
    mode: "saas",
    control: "RT-3",
    environments: ["prod"],
    check: ({ localAws, preview }) =>
      localAws === undefined || preview
        ? []
        : [
            {
              at: localAwsVariable,
              found: "a local AWS in an update",
              allowed: "unset; in prod it serves previews only",
            },
          ],
  },
];
