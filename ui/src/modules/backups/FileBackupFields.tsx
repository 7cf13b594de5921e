import { Button, Collapse, NumberInput, Select, Stack, TagsInput, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PlanForm } from "./InfoStep.tsx";

const suggested = ["/data", "/config", "/etc", "/home", "/srv", "/var/lib"];

/** Fields of file backups: directories, and the rest under "Advanced options". */
export function FileBackupFields({ form }: { form: PlanForm }) {
  const { t } = useTranslation("backups");
  const { excludes, preHook, postHook, limit, engine } = form.values;
  const used = Boolean(excludes || preHook || postHook || limit || engine !== "restic");
  const [opened, advanced] = useDisclosure(used);
  const Glyph = opened ? IconChevronUp : IconChevronDown;
  return (
    <Stack gap="md">
      <TagsInput
        label={t("directories")}
        description={t("directoriesHelp")}
        data={suggested}
        {...form.getInputProps("directories")}
      />
      <div>
        <Button
          variant="subtle"
          size="xs"
          aria-expanded={opened}
          rightSection={<Glyph size={15} />}
          onClick={advanced.toggle}
        >
          {t("advanced")}
        </Button>
      </div>
      <Collapse expanded={opened}>
        <AdvancedFields form={form} />
      </Collapse>
    </Stack>
  );
}

function AdvancedFields({ form }: { form: PlanForm }) {
  const { t } = useTranslation("backups");
  return (
    <Stack gap="md">
      <Select
        label={t("engine")}
        description={t("engineHelp")}
        allowDeselect={false}
        data={["restic", "duplicity"]}
        {...form.getInputProps("engine")}
      />
      <Textarea
        label={t("excludes")}
        description={t("excludesHelp")}
        autosize
        minRows={2}
        {...form.getInputProps("excludes")}
      />
      <Textarea
        label={t("preHook")}
        description={t("preHookHelp")}
        autosize
        minRows={1}
        maxLength={4096}
        {...form.getInputProps("preHook")}
      />
      <Textarea
        label={t("postHook")}
        description={t("postHookHelp")}
        autosize
        minRows={1}
        maxLength={4096}
        {...form.getInputProps("postHook")}
      />
      <Select
        label={t("onHookError")}
        allowDeselect={false}
        data={[
          { value: "fail", label: t("hookErrorAction.fail") },
          { value: "continue", label: t("hookErrorAction.continue") },
        ]}
        {...form.getInputProps("onHookError")}
      />
      <NumberInput
        label={t("limit")}
        description={t("limitHelp")}
        min={0}
        max={10_485_760}
        allowDecimal={false}
        {...form.getInputProps("limit")}
      />
    </Stack>
  );
}
