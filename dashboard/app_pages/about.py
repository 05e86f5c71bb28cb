"""About: what every figure means, and what the published copy is."""

import streamlit as st

from dashboard import door, queries, shell
from dashboard.formatting import clock, label_of, number, unit_of

context = shell.context()
view, manifest = context.view, context.manifest
shell.head("About", context)

st.subheader("The published copy")
facts = {
    "copy": str(manifest.copy_number),
    "data known until": clock(manifest.known_until_utc, view.zone),
    "published": clock(manifest.published_at_utc, view.zone),
    "built": clock(manifest.built_at_utc, view.zone),
    "tests passed": number(manifest.tests_passed),
    "files landed": number(manifest.files_landed),
    "commit": manifest.commit_id or "not known",
    "dbt": manifest.dbt_version,
    "build": manifest.build_id,
}
st.dataframe({"what": list(facts), "value": list(facts.values())}, hide_index=True, width="stretch", row_height=28)
lineage = door.home()[0] / "docs" / "lineage.html"
if not context.right.customers and lineage.exists():
    st.download_button("Column lineage (one HTML page)", lineage.read_bytes, "lineage.html", "text/html",
                       on_click="ignore", icon=":material/account_tree:")  # fmt: skip
st.caption("Lineage and all models: `rtm docs` opens the documentation; the docs service of docker-compose serves it.")

st.subheader("What the figures mean")
found = queries.definitions(context.con)
words = st.text_input("Find", key="find", placeholder="capture rate, alpha, infeed …")
if words:
    text = found["column_name"].str.replace("_", " ") + " " + found["definition"].fillna("")
    found = found[text.str.contains(words.replace("_", " "), case=False, regex=False)]
listed = found.assign(
    figure=[label_of(name, with_unit=False) for name in found["column_name"]],
    unit=[unit_of(name) for name in found["column_name"]],
)[["figure", "unit", "definition", "column_name", "mart_name"]]
st.dataframe(listed, hide_index=True, width="stretch", height=520, row_height=28,
             column_config={"definition": st.column_config.Column(width="large")})  # fmt: skip
