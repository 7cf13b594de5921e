import { Button, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { asApiError } from "../../api/problem.ts";
import type { App } from "../../api/types.ts";
import { Changes } from "../../components/Changes.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { isInstalled } from "./health.ts";
import type { SettingsDraft } from "./useSettingsDraft.ts";

/** Shows the pending changes before they are saved. */
export function ReviewDialog({ app, draft }: { app: App; draft: SettingsDraft }) {
  const { t } = useTranslation("apps");
  const client = useQueryClient();
  const { save, changes } = draft;
  const outdated = save.error && asApiError(save.error).code === "precondition_failed";
  const reload = () => {
    draft.reset();
    void client.invalidateQueries({ queryKey: ["apps"] });
  };
  return (
    <Dialog onClose={draft.closeReview} title={t("review")}>
      <Stack>
        <Text size="sm">{isInstalled(app) ? t("reviewInstalled") : t("reviewMissing")}</Text>
        <Changes changes={changes} />
        <DialogFooter error={save.error} onCancel={draft.closeReview}>
          {outdated ? (
            <Button onClick={reload}>{t("reload")}</Button>
          ) : (
            <Button loading={save.isPending} onClick={() => save.mutate()} data-autofocus>
              {t("save")}
            </Button>
          )}
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}
