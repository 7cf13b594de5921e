import { Divider } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { App, CreatedToken, Instance } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { CreatedTokenView } from "./CreatedTokenView.tsx";
import { EnrollForm } from "./EnrollForm.tsx";
import { TokenList } from "./TokenList.tsx";

interface Props {
  apps: App[];
  instances: Instance[];
  /** The instance to preselect for the token. */
  bound?: Instance;
  onClose: () => void;
}

/** Creates a token, shows once how to use it, and lists the existing tokens. */
export function EnrollDialog({ apps, instances, bound, onClose }: Props) {
  const { t } = useTranslation("instances");
  const [created, setCreated] = useState<CreatedToken>();
  return (
    <Dialog onClose={onClose} size="xl" title={t("enrollTitle")}>
      {created ? (
        <CreatedTokenView
          token={created}
          instance={instances.find((i) => i.id === created.instance_id)}
          onAnother={() => setCreated(undefined)}
          onClose={onClose}
        />
      ) : (
        <EnrollForm apps={apps} instances={instances} bound={bound} onCreated={setCreated} />
      )}
      <Divider my="lg" />
      <TokenList instances={instances} newest={created?.id} />
    </Dialog>
  );
}
