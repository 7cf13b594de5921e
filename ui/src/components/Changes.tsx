import { IconArrowRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./Changes.module.css";

export interface Change {
  field: string;
  old?: unknown;
  new?: unknown;
}

/** Lists changed fields as old value → new value, one line per field. */
export function Changes({ changes }: { changes: Change[] }) {
  return (
    <ul className={classes.list}>
      {changes.map((change) => (
        <li key={change.field}>
          <span className={classes.field}>{change.field}</span>
          <span className={classes.values}>
            <Value value={change.old} kind="old" />
            <IconArrowRight size={13} aria-hidden />
            <Value value={change.new} kind="new" />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Value({ value, kind }: { value: unknown; kind: "old" | "new" }) {
  const { t } = useTranslation("common");
  const empty = value === undefined || value === null || value === "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const Tag = kind === "old" ? "del" : "ins";
  return <Tag className={empty ? classes.empty : classes[kind]}>{empty ? t("notSet") : text}</Tag>;
}
