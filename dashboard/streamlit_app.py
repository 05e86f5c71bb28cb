"""The dashboard's frame: who looks, in which role, at what; then the page. Start it with `make dashboard`."""

from __future__ import annotations

import html
import sys
from pathlib import Path

import streamlit as st

sys.path[:0] = [folder for folder in [str(Path(__file__).resolve().parents[1])] if folder not in sys.path]

from dashboard import door, pages, shell  # noqa: E402
from dashboard.view import View  # noqa: E402
from serve.published import PublishError  # noqa: E402

REFRESH_SECONDS = 5


def main() -> None:
    """One run of the frame and the page in it."""
    st.set_page_config(page_title="route-to-market", page_icon="⚡", layout="wide")
    shell.style()
    try:
        who = door.visitor()
        if who is None:
            _welcome()
            return
        right = _role(who)
        customer = _customer(right)
        with door.opened(who, right, customer) as con:
            copy = shell.about(con)
            view = shell.filters(copy)
            shell.enter(
                shell.Context(
                    con,
                    view,
                    shell.theme(),
                    copy.tables,
                    copy.meanings,
                    copy.manifest,
                    right,
                    who,
                    copy.known,
                    len(copy.assets),
                    copy.ages,
                )
            )
            shown = pages.visible(copy.tables, is_limited=bool(right.customers), is_development=who.is_development)
            scripts = [
                st.Page(page.script, title=page.title, icon=f":material/{page.icon}:", url_path=page.name)
                for page in shown
            ]
            # the default page has no address of its own, so it only leads on to the first
            start = st.Page(lambda: st.switch_page(scripts[0]), title="Start", default=True, visibility="hidden")
            page = st.navigation([start, *scripts], position="top")
            with st.sidebar:
                _watch(door.file_of(con), who, right, customer, view, copy)
                if not who.is_development:
                    st.caption(f"{html.escape(who.name)} · {right.role}")
                    st.button("Sign out", on_click=st.logout, type="tertiary")
            page.run()
    except door.ClosedError as error:
        st.error(str(error), icon=":material/lock:")
    except PublishError as error:
        st.error(str(error), icon=":material/lock:")
        if who is not None:
            _watch("", who, right, customer)


def _welcome() -> None:
    st.title("route-to-market")
    st.write("Sign in to see what your role may see.")
    st.button("Sign in", on_click=st.login, type="primary")
    st.caption(f"A sign-in counts for {door.sign_in_hours():g} hours.")


def _role(who: door.Visitor) -> door.Right:
    """The role to look in; of several the one that is chosen.

    Raises:
        dashboard.door.ClosedError: if somebody holds none.
    """
    rights = {right.role: right for right in door.rights(who)}
    if not rights:
        raise door.ClosedError(
            f"{who.name} is signed in, but holds no role here. Roles are given in RTM_HOME/access.yml; they count at "
            "once."
        )
    if len(rights) == 1:
        return next(iter(rights.values()))
    if "role" not in st.session_state and st.query_params.get("role") in rights:
        st.session_state["role"] = st.query_params["role"]
    with st.sidebar:
        return rights[st.selectbox("Role", list(rights), key="role")]


def _customer(right: door.Right) -> str | None:
    """The one customer to look at; None: all of the role's."""
    if len(right.customers) < 2:
        return None
    if "customer" not in st.session_state and st.query_params.get("customer") in right.customers:
        st.session_state["customer"] = st.query_params["customer"]
    with st.sidebar:
        return st.selectbox("Customer", right.customers, index=None, key="customer", placeholder="all of mine")


@st.fragment(run_every=REFRESH_SECONDS)
def _watch(
    shown: str, who: door.Visitor, right: door.Right, customer: str | None, view: View | None = None,
    copy: shell.Copy | None = None,
) -> None:  # fmt: skip
    """Run the page anew once there is another copy, another day begins or the sign-in has run out; what is set stays.

    Args:
        shown: the file that is shown; empty: nothing is published.
        who: looks.
        right: in which role.
        customer: at whose data; None: at those of all that the role sees.
        view: what is looked at; None: nothing is.
        copy: what is in it.
    """
    is_outdated = view is not None and copy is not None and shell.is_outdated(view, copy.known)
    if is_outdated or door.visitor() != who or door.file_now(who, right, customer) != shown:
        st.rerun(scope="app")


main()
