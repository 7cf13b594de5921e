import { Button, Checkbox, Stack, Text } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import { useState } from "react";
import { ConfirmByName } from "./ConfirmByName.tsx";
import { Dialog } from "./Dialog.tsx";
import { DialogFooter } from "./DialogFooter.tsx";

interface Props<T> {
  title: string;
  text: string;
  /** Name to type before the data is deleted as well. */
  name: string;
  /** Texts of the checkbox that also deletes the data. */
  data: { label: string; help: string };
  button: { alone: string; withData: string };
  /** Mutation; its argument says whether the data is deleted as well. */
  remove: UseMutationResult<T, Error, boolean>;
  onClose: () => void;
}

/** Removes an object. Its data is kept unless the checkbox is set and the name is typed. */
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
