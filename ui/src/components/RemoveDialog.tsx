import { Button, Checkbox, Stack, Text } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import { useState } from "react";
import { ConfirmByName } from "./ConfirmByName.tsx";
import { Dialog } from "./Dialog.tsx";
import { DialogFooter } from "./DialogFooter.tsx";

interface Props<T> {
  title: string;
  text: string;
  /** What is typed before the data goes too. */
  name: string;
  /** Asks whether the data goes too. */
  data: { label: string; help: string };
  button: { alone: string; withData: string };
  /** Takes whether the data goes too. */
  remove: UseMutationResult<T, Error, boolean>;
  onClose: () => void;
}

/** Removes something; its data stays, unless that is asked for and the name typed. */
export function RemoveDialog<T>({ title, text, name, data, button, remove, onClose }: Props<T>) {
  const [withData, setWithData] = useState(false);
  const [typed, setTyped] = useState("");
  return (
    <Dialog onClose={onClose} title={title}>
      <Stack>
        <Text size="sm">{text}</Text>
        <Checkbox
          checked={withData}
          onChange={(event) => setWithData(event.currentTarget.checked)}
          label={data.label}
          description={data.help}
        />
        {withData && <ConfirmByName name={name} value={typed} onChange={setTyped} />}
        <DialogFooter error={remove.error} onCancel={onClose}>
          <Button
            color="red"
            disabled={withData && typed !== name}
            loading={remove.isPending}
            onClick={() => remove.mutate(withData)}
          >
            {withData ? button.withData : button.alone}
          </Button>
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}
