import { Link } from "@tanstack/react-router";
import type { Target } from "../../api/types.ts";

/** Targets of a task or an audit record; apps, instances and the stack link to their pages. */
export function Targets({ targets }: { targets: Target[] }) {
  return (
    <>
      {targets.map((target, index) => (
        <span key={`${target.kind}${target.id}`}>
          {index > 0 && ", "}
          <TargetName target={target} />
        </span>
      ))}
    </>
  );
}

function TargetName({ target }: { target: Target }) {
  const name = target.name || target.id;
  if (target.kind === "app") {
    return (
      <Link className="plainlink" to="/apps" search={{ app: target.id }}>
        {name}
      </Link>
    );
  }
  if (target.kind === "instance") {
    return (
      <Link className="plainlink" to="/instances" search={{ instance: target.id }}>
        {name}
      </Link>
    );
  }
  if (target.kind === "stack") {
    return (
      <Link className="plainlink" to="/stack">
        {name}
      </Link>
    );
  }
  return <span className="wrap">{name}</span>;
}
