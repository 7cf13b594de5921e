import { IconWorld } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Instance } from "../../api/types.ts";
import classes from "./instances.module.css";

interface Props {
  addresses: Instance["addresses"];
  /** Shows the network of each address. */
  networks?: boolean;
}

export function Addresses({ addresses, networks }: Props) {
  const { t } = useTranslation("instances");
  if (addresses.length === 0) return <>—</>;
  return (
    <ul className={classes.addresses}>
      {addresses.map((a) => (
        <li key={a.address}>
          {a.address}
          {a.kind === "floating" && (
            <IconWorld size={14} role="img" aria-label={t("floating")} title={t("floating")} />
          )}
          {networks && ` · ${a.network}`}
        </li>
      ))}
    </ul>
  );
}
