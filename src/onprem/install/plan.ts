// Installer: what a command is about to do, as data: printed before anything is done, then gone through step by step (RT-9). Pure.
import type { CommandName, Decision, ReleaseHead } from "./journal";
import type { Target } from "./parts";

export type StepId =
  | "verify"
  | "preflight"
  | "begin"
  | "images"
  | "grant"
  | "secrets"
  | "apply"
  | "wait"
  | "smoke"
  | "prune"
  | "record"
  | "remove"
  | "volumes"
  | "namespaces"
  | "forget";

export interface PlannedStep {
  id: StepId;
  title: string;
  /** What will be done, with what is known of it now. */
  what: string;
  /** How it is undone, where it can be. */
  undo?: string;
}

export interface Plan {
  command: CommandName;
  title: string;
  notes: string[];
  steps: PlannedStep[];
}

/** Steps that come before the first write in the cluster. */
export const readingSteps: readonly StepId[] = ["verify", "preflight"];

/** Steps after which a failure means that the release before has to come back. */
export const changingSteps: readonly StepId[] = ["grant", "secrets", "apply", "wait", "smoke"];

/** Of an install, an upgrade or a way back to a release that is kept. */
export function transitionPlan(command: CommandName, decision: Decision, target: Target): Plan {
  const { current, kind } = decision;
  const pods = target.objects.filter(({ kind: of }) => ["Deployment", "StatefulSet", "DaemonSet"].includes(of)).length;
  const back = current && kind === "new" ? `apply release ${current.version} again` : undefined;
  const fromBundle: PlannedStep[] = [
    { id: "verify", title: "verify the bundle", what: "verify the bundle, every byte of it, against the vendor's key" },
    { id: "preflight", title: "look at the cluster", what: "look at the cluster and the registry; change nothing" },
  ];
  const begin: PlannedStep = {
    id: "begin",
    title: "open the journal",
    what: `open the journal in namespace ${target.platformNamespace}, so that no other installer begins and this one can go on`,
  };
  // Whether the cluster is fit for the release that failed does not matter to the one before.
  if (kind === "continue back" && current)
    return {
      command,
      title: titleOf(command, decision, target),
      notes: notesOf(decision),
      steps: [...fromBundle.filter(({ id }) => id === "verify"), begin, goingBack(current)],
    };
  const images: PlannedStep = {
    id: "images",
    title: "bring the images",
    what: `bring the images that pods take from ${target.registry}; what is there already is not sent again`,
  };
  const steps: PlannedStep[] = [
    ...(command === "rollback" ? [] : fromBundle),
    begin,
    ...(command === "rollback" ? [] : [images]),
    {
      id: "grant",
      title: "what an administrator may have granted",
      what: "apply what belongs to the whole cluster and what hands out rights, or see that an administrator has",
      undo: back,
    },
    {
      id: "secrets",
      title: "make the Secrets",
      what:
        command === "rollback"
          ? `bring back values that an unfinished upgrade replaced; make what is missing of ${target.secrets.length} Secrets, and write supplied values that are new`
          : `make what is missing of ${target.secrets.length} Secrets, and write supplied values that are new; no other value that is there is changed`,
      undo: current && kind === "new" ? "bring back the values that were replaced" : undefined,
    },
    {
      id: "apply",
      title: "apply the objects",
      what: `apply ${target.objects.length} objects, what is needed by others first`,
      undo: back,
    },
    { id: "wait", title: "wait until all is ready", what: `wait until ${pods} workloads are ready`, undo: back },
    {
      id: "smoke",
      title: "ask the services",
      what: `ask ${target.endpoints.length} services whether they are well`,
      undo: back,
    },
    {
      id: "prune",
      title: "remove what is no longer needed",
      what: "remove what releases before had and this one has not; no data",
    },
    { id: "record", title: "record the release", what: `record release ${target.version} as the one that runs` },
  ];
  return { command, title: titleOf(command, decision, target), notes: notesOf(decision), steps };
}

/** All that a way back does, which lists its own steps as it goes. */
function goingBack({ version }: ReleaseHead): PlannedStep {
  const what = `apply release ${version} again, wait until all is ready, and remove what only the failed release had`;
  return { id: "apply", title: `go back to ${version}`, what };
}

/** @param namespaces that the release lies in */
export function uninstallPlan(
  current: ReleaseHead | undefined,
  namespaces: readonly string[],
  deleteData: boolean,
): Plan {
  return {
    command: "uninstall",
    title: `Plan: uninstall${current ? ` release ${current.version}` : " what is there of a release"} from ${namespaces.join(", ")}`,
    notes: [
      deleteData
        ? "ALL DATA of these namespaces is deleted, and cannot be had back"
        : "volumes stay, with the Secrets that their data needs",
    ],
    steps: [
      { id: "begin", title: "open the journal", what: "open the journal, so that no other installer begins" },
      { id: "remove", title: "remove the objects", what: "remove the objects, what was made last first" },
      {
        id: "volumes",
        title: deleteData ? "delete the volumes" : "look for volumes",
        what: deleteData
          ? "delete the volumes and the Secrets"
          : "leave the volumes and their Secrets; delete the other Secrets",
      },
      {
        id: "namespaces",
        title: "remove the namespaces",
        what: "remove the namespaces that the installer made and that hold no volume",
      },
      { id: "forget", title: "remove the records", what: "remove the installer's own records" },
    ],
  };
}

function titleOf(command: CommandName, { current, kind }: Decision, { version, stack, environment }: Target): string {
  const where = `${stack} (${environment})`;
  if (kind === "same")
    return `Plan: ${command} ${version} of ${where}, which is installed already: mend what has moved`;
  const from = current && current.version !== version ? ` from ${current.version}` : "";
  return `Plan: ${command} ${version} of ${where}${from}`;
}

function notesOf({ kind, current }: Decision): string[] {
  if (kind === "continue") return ["it was begun before, and goes on; what is done already is found done"];
  if (kind === "continue back")
    return [`it had failed, and was on its way back to ${current?.version ?? "what was before"}: that goes on`];
  return [];
}
