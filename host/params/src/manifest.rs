//! What a module says of itself.

use std::collections::{HashMap, HashSet};

use crunchbox_protocol::Profile;
use indexmap::IndexMap;
use serde_json::Value;

use crate::condition::is_date;
use crate::node::{Node, Plain};
use crate::parameter::{Choice, Parameter, ParameterKind, SecretLogic, dtypes, read_dtypes, read_parameters};
use crate::path::{Path, listed};
use crate::reader::{Object, Problem, Reader, one_of, word};
use crate::schema::{ParamDtype, ParamSchema};

/// A module's manifest, checked.
///
/// ```
/// let manifest = crunchbox_params::Manifest::from_json_bytes(
///     br#"{
///         "id_name": "drop-rows", "name": "Drop rows", "category": "Clean",
///         "parameters": [{"id_name": "first", "type": "integer", "default": 1}]
///     }"#,
/// )?;
/// assert!(manifest.uses_data);
/// assert_eq!(manifest.param_schema().defaults()["first"], 1);
/// # Ok::<(), crunchbox_params::ManifestError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The module's id: a letter, then letters, digits and `-`.
    pub id_name: String,
    /// The name that users read.
    pub name: String,
    /// What it is for.
    pub category: Category,
    /// The form, in order.
    pub parameters: Vec<Parameter>,
    /// Set if users are to stop using it.
    pub deprecated: Option<Deprecated>,
    /// The name of an icon.
    pub icon: String,
    /// A web page, or `""`.
    pub link: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Where its help is, or `""`.
    pub help_url: String,
    /// The text of an entry in a row's menu, or `""`.
    pub row_action_menu_entry_title: String,
    /// Whether it may come first in a tab: it then gets a table without columns.
    pub loads_data: bool,
    /// Whether it may come after another step.
    pub uses_data: bool,
    /// Whether it has a page that shows its result.
    pub html_output: bool,
    /// Whether it brings params of older versions up to date. If not, nobody asks it to.
    pub migrates_params: bool,
    /// Whether its form may fill the screen.
    pub has_zen_mode: bool,
    /// Whether text of few values may come to it as a dictionary and numbers, where the file of the main table has it so. What it
    /// makes is the same.
    pub takes_dictionaries: bool,
    /// Which rules its tables keep; `None` if it does not care.
    pub profile: Option<Profile>,
    /// Which of the table's columns it looks at.
    pub reads: Reads,
    /// What of a table it has to see at a time.
    pub works_by: WorksBy,
    /// Whether it may be handed all of a table's rows, and be told which of them are its part. Only with [`WorksBy::Rows`].
    pub takes_row_ranges: bool,
    schema: ParamSchema,
    source: Node,
}

/// Which of its table's columns a module looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reads {
    /// Any of them.
    #[default]
    All,
    /// Those that its params name, in whatever params of the types for columns; all, if they name none that is there.
    Params,
}

const READS: [(&str, Reads); 2] = [("all", Reads::All), ("params", Reads::Params)];

/// What of a table a module has to see at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorksBy {
    /// All of it.
    #[default]
    Table,
    /// Any rows: what it makes of some of a table's rows is that part of what it makes of all of them, in the same order, with the same
    /// columns and JSON; what it has to say of them is what it has to say of any part, said once. None of its columns are dictionary-encoded.
    Rows,
    /// Rows of the same key, whatever that is: asked for one of several parts of a table, it gives the rows of the output that come of
    /// the input's rows whose keys fall to that part, and says where they belong among those of other parts. What it has to say of all
    /// rows is what it has to say of any part, said once, with the same JSON. None of its columns are dictionary-encoded.
    Key,
}

const WORKS_BY: [(&str, WorksBy); 3] =
    [("table", WorksBy::Table), ("rows", WorksBy::Rows), ("key", WorksBy::Key)];

/// What a module is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Category {
    AddData,
    Combine,
    Scrape,
    Clean,
    Analyze,
    Code,
    Visualize,
    Other,
}

const CATEGORIES: [(&str, Category); 8] = [
    ("Add data", Category::AddData),
    ("Combine", Category::Combine),
    ("Scrape", Category::Scrape),
    ("Clean", Category::Clean),
    ("Analyze", Category::Analyze),
    ("Code", Category::Code),
    ("Visualize", Category::Visualize),
    ("Other", Category::Other),
];

impl Category {
    /// The words for it in a manifest.
    pub fn as_str(self) -> &'static str {
        CATEGORIES.iter().find(|(_, category)| *category == self).map_or("Other", |(word, _)| word)
    }
}

/// Why, and until when, a module that should not be used any more still works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deprecated {
    /// The day, as in `2026-01-31`.
    pub end_date: String,
    /// What to tell the user.
    pub message: String,
}

/// A manifest that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is too large.
    #[error("the manifest has {bytes} bytes; make it {max} or fewer")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        max: usize,
    },
    /// Lists and objects are in one another too often.
    #[error("the manifest is nested more than {max} levels deep; make it flatter")]
    TooDeep {
        /// How deep it may be.
        max: usize,
    },
    /// It is no JSON or no YAML.
    #[error("line {line}, column {column}: {reason}; mend the syntax")]
    Syntax {
        /// Where, from 1; 0 if that is not known.
        line: usize,
        /// Where in that line, from 1; 0 if that is not known.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// It is not of the form that `manifest.schema.json` describes. These are all the places, up to a hundred.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
    /// It is of the right form, but contradicts itself. These are all the places, up to a hundred.
    #[error("{}", lines(.0))]
    Inconsistent(Vec<Problem>),
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

impl Manifest {
    /// The largest manifest that is read: 1 MiB.
    pub const MAX_BYTES: usize = 1 << 20;

    /// How many lists and objects may be around a value.
    pub const MAX_DEPTH: usize = 64;

    /// Reads a manifest as it is found in a module. The bytes may be anything.
    ///
    /// # Errors
    /// [`ManifestError`] if it is no manifest, with all the places that are wrong.
    pub fn from_json_bytes(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        check_size(bytes.len())?;
        let plain: Plain = serde_json::from_slice(bytes).map_err(|error| {
            let reason = error.to_string();
            // The position has fields of its own.
            let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
            match error.is_syntax() && reason.contains("recursion limit") {
                true => ManifestError::TooDeep { max: Manifest::MAX_DEPTH },
                false => ManifestError::Syntax { line: error.line(), column: error.column(), reason },
            }
        })?;
        Manifest::from_node(plain.into())
    }

    /// Reads a manifest as its author wrote it, in YAML, or in JSON, which is YAML too.
    ///
    /// # Errors
    /// [`ManifestError`] if it is no manifest, with all the places that are wrong by line and column.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Manifest, ManifestError> {
        check_size(text.len())?;
        let options = serde_saphyr::options! {
            // `yes` and `off` are words, as in YAML 1.2.
            strict_booleans: true,
            with_snippet: false,
        };
        let placed: crate::node::Placed =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
                let at = |number: u64| usize::try_from(number).unwrap_or_default();
                ManifestError::Syntax { line: at(line), column: at(column), reason: error.to_string() }
            })?;
        Manifest::from_node(placed.into())
    }

    fn from_node(node: Node) -> Result<Manifest, ManifestError> {
        if node.depth() > Manifest::MAX_DEPTH {
            return Err(ManifestError::TooDeep { max: Manifest::MAX_DEPTH });
        }
        let mut reader = Reader::default();
        let manifest = reader.object(&node, &Path::Root).and_then(|object| read(&mut reader, object));
        let Some(manifest) = manifest.filter(|_| reader.problems.is_empty()) else {
            return Err(ManifestError::Invalid(reader.problems));
        };
        cross_check(&mut reader, &manifest);
        if reader.problems.is_empty() {
            Ok(manifest)
        } else {
            Err(ManifestError::Inconsistent(reader.problems))
        }
    }

    /// What params the module takes.
    pub fn param_schema(&self) -> &ParamSchema {
        &self.schema
    }

    /// The whole manifest as JSON, keys in the author's order, keys that Crunchbox doesn't know included: the
    /// form in which a module carries it.
    pub fn to_json(&self) -> String {
        // A tree of texts, finite numbers and string keys always has a JSON form.
        serde_json::to_string(&self.source).unwrap_or_default()
    }
}

fn check_size(bytes: usize) -> Result<(), ManifestError> {
    match bytes > Manifest::MAX_BYTES {
        true => Err(ManifestError::TooLarge { bytes, max: Manifest::MAX_BYTES }),
        false => Ok(()),
    }
}

/// The manifest; `None` only with a problem noted.
fn read(reader: &mut Reader, object: Object<'_>) -> Option<Manifest> {
    let path = &Path::Root;
    let id_name =
        reader.required(object, "id_name", path, "a letter, then letters, digits and \"-\"", |node| {
            node.as_text().filter(|id| is_module_id(id)).map(str::to_owned)
        });
    let name = reader.required_text(object, "name", path);
    let category = reader.required(object, "category", path, &one_of(&CATEGORIES), word(&CATEGORIES));
    let parameters = reader.node(object, "parameters", path, "a list, which may be empty");
    let parameters = parameters.map(|node| read_parameters(reader, node, &path.key("parameters"), true));
    let deprecated = object.entries.get("deprecated").and_then(|node| {
        let path = path.key("deprecated");
        let object = reader.object(node, &path)?;
        reader.only(object, &path, &["end_date", "message"]);
        let date = |node: &'_ Node| node.as_text().filter(|date| is_date(date)).map(str::to_owned);
        let end_date = reader.required(object, "end_date", &path, "a day, as 2026-01-31", date);
        let message = reader.required_text(object, "message", &path);
        Some(Deprecated { end_date: end_date?, message })
    });
    let link = |node: &Node| node.as_text().filter(|link| is_link(link)).map(str::to_owned);
    let link = reader.optional(object, "link", path, "an address, as https://example.org", link);
    let loads_data = reader.flag(object, "loads_data", path);
    let uses_data = reader.optional(object, "uses_data", path, "true or false", Node::as_bool);
    let schema = object.entries.get("param_schema");
    let schema = schema.map(|node| read_dtypes(reader, node, &path.key("param_schema")));
    let text = |reader: &mut Reader, key: &str| reader.text(object, key, path);
    let flag = |reader: &mut Reader, key: &str| reader.flag(object, key, path);
    let (icon, description) = (text(reader, "icon"), text(reader, "description"));
    let (help_url, row_action) = (text(reader, "help_url"), text(reader, "row_action_menu_entry_title"));
    let (html_output, has_zen_mode) = (flag(reader, "html_output"), flag(reader, "has_zen_mode"));
    let profile = |node: &Node| node.as_text()?.parse().ok();
    let profile = reader.optional(object, "profile", path, "one of: \"arrow\", \"workbench\"", profile);
    let reads = reader.optional(object, "reads", path, &one_of(&READS), word(&READS));
    let works_by = reader.optional(object, "works_by", path, &one_of(&WORKS_BY), word(&WORKS_BY));
    let flag = |reader: &mut Reader, key: &str| reader.flag(object, key, path);
    let migrates_params = flag(reader, "migrates_params");
    let takes_dictionaries = flag(reader, "takes_dictionaries");
    let takes_row_ranges = flag(reader, "takes_row_ranges");
    let parameters = parameters?;
    Some(Manifest {
        id_name: id_name?,
        name,
        category: category?,
        schema: ParamSchema::new(schema.unwrap_or_else(|| dtypes(&parameters))),
        parameters,
        deprecated,
        icon,
        link: link.unwrap_or_default(),
        description,
        help_url,
        row_action_menu_entry_title: row_action,
        loads_data,
        uses_data: uses_data.unwrap_or(!loads_data),
        html_output,
        migrates_params,
        has_zen_mode,
        takes_dictionaries,
        profile,
        reads: reads.unwrap_or_default(),
        works_by: works_by.unwrap_or_default(),
        takes_row_ranges,
        source: object.node.clone(),
    })
}

fn is_module_id(id: &str) -> bool {
    let mut bytes = id.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A scheme, a colon, printable ASCII; or nothing at all.
fn is_link(link: &str) -> bool {
    let Some((scheme, rest)) = link.split_once(':') else {
        return link.is_empty();
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
        && rest.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What no JSON Schema can say.
fn cross_check(reader: &mut Reader, manifest: &Manifest) {
    let path = Path::Root.key("parameters");
    let nodes = manifest.source.get("parameters");
    let scope = Scope { manifest, outer: None, by_name: index(&manifest.parameters) };
    if let Some(nodes) = nodes.and_then(Node::as_list) {
        check_parameters(reader, &scope, &manifest.parameters, nodes, &path);
    }
    if let Some(nodes) = manifest.source.get("param_schema").and_then(Node::as_map) {
        let path = Path::Root.key("param_schema");
        check_dtypes(reader, manifest.schema.params(), manifest.schema.params(), nodes, &path);
    }
    if let Some(node) = manifest.source.get("takes_row_ranges")
        && manifest.takes_row_ranges
        && manifest.works_by != WorksBy::Rows
    {
        let mend = "set works_by to \"rows\" too: one that works otherwise is never given some rows";
        reader.wrong(node, &Path::Root.key("takes_row_ranges"), mend);
    }
}

/// The parameters that another one may refer to.
struct Scope<'m> {
    manifest: &'m Manifest,
    outer: Option<&'m Scope<'m>>,
    by_name: HashMap<&'m str, Entry<'m>>,
}

/// A parameter, and its options' values to look things up in: a manifest may have very many of both.
struct Entry<'m> {
    parameter: &'m Parameter,
    options: Option<HashSet<&'m Value>>,
}

fn index(parameters: &[Parameter]) -> HashMap<&str, Entry<'_>> {
    let entry = |parameter| Entry { parameter, options: parameter.option_values().map(Iterator::collect) };
    parameters.iter().map(|parameter| (parameter.id_name.as_str(), entry(parameter))).collect()
}

impl<'m> Scope<'m> {
    fn find(&self, id_name: &str) -> Option<&Entry<'m>> {
        self.by_name.get(id_name).or_else(|| self.outer?.find(id_name))
    }

    /// Like [`Scope::find`], but only among the parameters that stand in no list.
    fn find_top(&self, id_name: &str) -> Option<&'m ParameterKind> {
        match self.outer {
            Some(outer) => outer.find_top(id_name),
            None => self.by_name.get(id_name).map(|entry| &entry.parameter.kind),
        }
    }
}

fn check_parameters(
    reader: &mut Reader,
    scope: &Scope<'_>,
    parameters: &[Parameter],
    nodes: &[Node],
    path: &Path,
) {
    let mut seen = HashSet::new();
    for (index, (parameter, node)) in parameters.iter().zip(nodes).enumerate() {
        let path = path.index(index);
        if !seen.insert(parameter.id_name.as_str()) {
            at(reader, node, &path, "id_name", "another parameter has this name; give it one of its own");
        }
        if let Some(visible_if) = node.get("visible_if") {
            check_visible_if(reader, scope, parameter, visible_if, &path.key("visible_if"));
        }
        match &parameter.kind {
            ParameterKind::Menu { default: Some(default), options }
            | ParameterKind::Radio { default: Some(default), options }
                if !options.iter().any(|option| option.value() == Some(default)) =>
            {
                let values = listed(options.iter().filter_map(Choice::value));
                at(reader, node, &path, "default", format!("give the value of an option: {values}"));
            }
            ParameterKind::Column { tab_parameter: Some(tab), .. }
            | ParameterKind::Multicolumn { tab_parameter: Some(tab), .. }
                if !matches!(scope.find_top(tab), Some(ParameterKind::Tab)) =>
            {
                at(reader, node, &path, "tab_parameter", "give the id_name of a parameter of type tab");
            }
            ParameterKind::Gdrivefile { secret_parameter } => {
                let google = |logic: &SecretLogic| matches!(logic, SecretLogic::Oauth { provider, service } if provider == "oauth2" && service == "google");
                match scope.find_top(secret_parameter) {
                    Some(ParameterKind::Secret { secret_logic }) if google(secret_logic) => {}
                    _ => {
                        let mend = "give the id_name of a secret of provider oauth2 and service google";
                        at(reader, node, &path, "secret_parameter", mend);
                    }
                }
            }
            ParameterKind::Secret { secret_logic: SecretLogic::Oauth { service, .. } } => {
                let owner = if service == "google" { "googlesheets" } else { service };
                if scope.manifest.id_name != owner {
                    let mend = format!("only the module {owner} may ask for it; use the provider string");
                    at(reader, node, &path, "secret_logic", mend);
                }
            }
            ParameterKind::List { child_parameters } => {
                let scope = Scope {
                    manifest: scope.manifest,
                    outer: Some(scope),
                    by_name: self::index(child_parameters),
                };
                let nodes = node.get("child_parameters").and_then(Node::as_list).unwrap_or_default();
                check_parameters(reader, &scope, child_parameters, nodes, &path.key("child_parameters"));
            }
            _ => {}
        }
    }
}

fn check_visible_if(reader: &mut Reader, scope: &Scope<'_>, parameter: &Parameter, node: &Node, path: &Path) {
    let Some(visible_if) = &parameter.visible_if else {
        return;
    };
    let Some(entry) = scope.find(&visible_if.id_name) else {
        at(reader, node, path, "id_name", "give the id_name of another parameter");
        return;
    };
    let Some(options) = &entry.options else { return };
    let are_options = match &visible_if.value {
        Value::Array(values) => values.iter().all(|value| options.contains(value)),
        _ => false,
    };
    if !are_options {
        let values = listed(entry.parameter.option_values().into_iter().flatten());
        at(reader, node, path, "value", format!("give a list of values of its options: {values}"));
    }
}

fn check_dtypes(
    reader: &mut Reader,
    top: &IndexMap<String, ParamDtype>,
    dtypes: &IndexMap<String, ParamDtype>,
    nodes: &IndexMap<String, Node>,
    path: &Path,
) {
    for (name, dtype) in dtypes {
        if let Some(node) = nodes.get(name) {
            check_dtype(reader, top, dtype, node, &path.key(name));
        }
    }
}

fn check_dtype(
    reader: &mut Reader,
    top: &IndexMap<String, ParamDtype>,
    dtype: &ParamDtype,
    node: &Node,
    path: &Path,
) {
    match dtype {
        ParamDtype::Enum { choices, default } if !choices.contains(default) => {
            at(reader, node, path, "default", format!("give one of the choices: {}", listed(choices)));
        }
        ParamDtype::Column { tab_parameter: Some(tab), .. }
        | ParamDtype::Multicolumn { tab_parameter: Some(tab), .. }
            if top.get(tab) != Some(&ParamDtype::Tab) =>
        {
            at(reader, node, path, "tab_parameter", "give the name of a param of type tab");
        }
        ParamDtype::Dict(properties) => {
            if let Some(nodes) = node.get("properties").and_then(Node::as_map) {
                check_dtypes(reader, top, properties, nodes, &path.key("properties"));
            }
        }
        ParamDtype::List(inner) | ParamDtype::Map(inner) | ParamDtype::Option(inner) => {
            let key = if matches!(dtype, ParamDtype::Map(_)) { "value_dtype" } else { "inner_dtype" };
            if let Some(node) = node.get(key) {
                check_dtype(reader, top, inner, node, &path.key(key));
            }
        }
        _ => {}
    }
}

/// Notes that what is under `key` is wrong.
fn at(reader: &mut Reader, node: &Node, path: &Path, key: &str, mend: impl Into<String>) {
    if let Some(node) = node.get(key) {
        reader.wrong(node, &path.key(key), mend);
    }
}
