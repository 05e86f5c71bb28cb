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
st.dataframe({"What": list(facts), "Value": list(facts.values())}, hide_index=True, width=640, row_height=28,
             column_config={"What": st.column_config.Column(width=150)})  # fmt: skip
site, lineage = door.documentation(), door.home()[0] / "docs" / "lineage.html"
if context.right.customers:
    pass  # how the company computes is not for its customers
elif site:
    with st.container(horizontal=True, gap="small"):
        st.link_button("Column lineage", f"{site}/lineage.html", icon=":material/account_tree:")
        st.link_button("All models", f"{site}/index.html", icon=":material/menu_book:")
elif lineage.exists():
    st.download_button("Column lineage (one HTML page)", lineage.read_bytes, "lineage.html", "text/html",
                       on_click="ignore", icon=":material/account_tree:")  # fmt: skip
else:
    st.caption("Column lineage and all models: `rtm docs` makes and opens them.")

st.subheader("What the figures mean")
found = queries.definitions(context.con)
words = st.text_input("Find", key="find", placeholder="capture rate, alpha, infeed …")
if words:
    text = found["column_name"].str.replace("_", " ") + " " + found["definition"].fillna("")
    found = found[text.str.contains(words.replace("_", " "), case=False, regex=False)]
listed = {
    "Figure": [label_of(name, with_unit=False) for name in found["column_name"]],
    "Unit": [unit_of(name) for name in found["column_name"]],
    "Definition": found["definition"],
    "Column": found["mart_name"] + "." + found["column_name"],
}
st.dataframe(listed, hide_index=True, width="stretch", height=520, row_height=28,
             column_config={"Figure": st.column_config.Column(width=180), "Unit": st.column_config.Column(width=80),
                            "Definition": st.column_config.Column(width=620)})  # fmt: skip
