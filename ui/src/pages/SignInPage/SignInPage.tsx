import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { infoQuery } from "../../api/queries/info.ts";
import { signIn } from "../../api/queries/session.ts";
import type { SignIn } from "../../api/types.ts";
import { rememberedProject, rememberProject } from "./remember.ts";
import { SignInPageView } from "./SignInPageView.tsx";

/** Sign-in with password or application credential; then redirects to the requested page. */
export function SignInPage() {
  const { next, expired } = useSearch({ from: "/sign-in" });
  const info = useQuery(infoQuery);
  const client = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const login = useMutation({
    mutationFn: (body: SignIn) => signIn(client, body),
    onSuccess: (_, body) => {
      rememberProject(body);
      if (next) router.history.push(next);
      else void navigate({ to: "/apps" });
    },
  });
  return (
    <SignInPageView
      info={info.data}
      ready={!info.isPending}
      expired={expired ?? false}
      remembered={rememberedProject()}
      error={login.error}
      busy={login.isPending}
      onSubmit={login.mutate}
    />
  );
}
