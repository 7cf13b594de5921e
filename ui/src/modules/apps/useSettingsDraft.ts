import type { ErrorSchema } from "@rjsf/utils";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { applyTask } from "../../api/live.ts";
import { asApiError } from "../../api/problem.ts";
import { saveSettings } from "../../api/queries/apps.ts";
import type { App, Settings } from "../../api/types.ts";
import { useRoleReason } from "../session/useSession.ts";
import { notifyStarted } from "../tasks/notify.tsx";
import { type Section, sections, settingsDiff } from "./diff.ts";

/** State of edited settings until they are reviewed and saved. */
export function useSettingsDraft(app: App, showSection: (section: Section) => void) {
  const client = useQueryClient();
  const reason = useRoleReason("operator");
  const [edited, setEdited] = useState<Settings>();
  // Save with the ETag from when editing began, so that a concurrent change is detected.
  const [etag, setEtag] = useState(app.etag);
  const [showErrors, setShowErrors] = useState(false);
  const [reviewing, setReviewing] = useState(false);
  const value = edited ?? app.settings;
  const changes = settingsDiff(app, value);

  const save = useMutation({
    mutationFn: () => saveSettings({ name: app.name, etag }, value),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      reset();
      void client.invalidateQueries({ queryKey: ["apps"] });
    },
  });

  function reset() {
    setEdited(undefined);
    setShowErrors(false);
    setReviewing(false);
    save.reset();
  }

  return {
    value,
    changes,
    reason,
    showErrors,
    reviewing,
    save,
    reset,
    serverErrors: serverErrors(save.error),
    closeReview: () => setReviewing(false),
    set(section: Section, data: Record<string, unknown>) {
      if (!edited) setEtag(app.etag);
      setEdited({ ...value, [section]: data });
    },
    /** Validates both forms, then shows the first invalid one or the review dialog. */
    async review() {
      const { validate } = await import("../schemaForm/validator.ts");
      const invalid = sections.find(
        (section) => validate(app.schema[section], value[section]).length > 0,
      );
      setShowErrors(true);
      if (invalid) showSection(invalid);
      else setReviewing(true);
    },
  };
}

export type SettingsDraft = ReturnType<typeof useSettingsDraft>;

/** Assigns the field errors of an API problem to the form of their section. */
function serverErrors(error: unknown): Partial<Record<Section, ErrorSchema>> {
  const out: Partial<Record<Section, ErrorSchema>> = {};
  const errors = error ? asApiError(error).problem?.errors : undefined;
  for (const { field, message } of errors ?? []) {
    const [section, ...path] = field.replace(/^body\./, "").split(".");
    const known = sections.find((s) => s === section);
    if (known && path.length > 0) out[known] = withError(out[known] ?? {}, path, message);
  }
  return out;
}

function withError(node: ErrorSchema, [key, ...rest]: string[], message: string): ErrorSchema {
  if (key === undefined) return { ...node, __errors: [message] } as ErrorSchema;
  const child = (node as Record<string, ErrorSchema>)[key] ?? {};
  return { ...node, [key]: withError(child, rest, message) } as ErrorSchema;
}
