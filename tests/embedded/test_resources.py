"""What the engine would make of a program's resources."""

from __future__ import annotations

import json

from embedded.conftest import Plan, resource

STACK = "urn:pulumi:dev::acme::pulumi:pulumi:Stack::acme-dev"
GROUP = "urn:pulumi:dev::acme::test:index:Group::g"


def test_a_resource_has_its_urn_parent_default_provider_and_source(plan: Plan) -> None:
    thing = resource(plan('Thing("t", size=1)'), "t")
    assert thing == {
        "urn": "urn:pulumi:dev::acme::test:index:Thing::t",
        "type": "test:index:Thing",
        "name": "t",
        "parent": STACK,
        "custom": True,
        "provider": "urn:pulumi:dev::acme::pulumi:providers:test::default::04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "inputs": {"size": 1},
        "dependencies": [],
        "propertyDependencies": {},
        "protect": False,
        "retainOnDelete": False,
        "source": "__main__.py:4",
    }


def test_the_types_of_parents_are_part_of_a_urn(plan: Plan) -> None:
    answer = plan('Group("g")')
    assert resource(answer, "g", "Thing")["urn"] == "urn:pulumi:dev::acme::test:index:Group$test:index:Thing::g"
    assert resource(answer, "g", "Thing")["parent"] == GROUP
    assert resource(answer, "g", "Group")["outputs"] == {"made": {"$unknown": True}}


def test_the_source_of_a_component_is_where_the_program_makes_it(plan: Plan) -> None:
    answer = plan('Group("g")')
    assert resource(answer, "g", "Group")["source"] == "__main__.py:4"
    assert resource(answer, "g", "Thing")["source"] == "things.py:12"


def test_dependencies_are_told_by_property(plan: Plan) -> None:
    answer = plan('a = Thing("a")\nThing("b", of=a.made, plain=1)\nThing("c", Opts(depends_on=[a]), plain=1)')
    urn = resource(answer, "a")["urn"]
    assert resource(answer, "b")["dependencies"] == [urn]
    assert resource(answer, "b")["propertyDependencies"] == {"of": [urn]}
    assert resource(answer, "c")["dependencies"] == [urn]


def test_depending_on_a_component_is_depending_on_what_is_in_it(plan: Plan) -> None:
    answer = plan('g = Group("g")\nThing("after", Opts(depends_on=[g]))')
    assert resource(answer, "after")["dependencies"] == [resource(answer, "g", "Thing")["urn"]]


def test_children_inherit_protection_and_the_stack_has_none(plan: Plan) -> None:
    answer = plan(
        'a = Thing("a", Opts(protect=True, retain_on_delete=True))\n'
        'Thing("child", Opts(parent=a))\nThing("free", Opts(parent=a, protect=False))\nThing("other")'
    )
    assert [resource(answer, name)["protect"] for name in ("a", "child", "free", "other")] == [True, True, False, False]
    assert resource(answer, "child")["retainOnDelete"] is True


def test_children_of_a_component_use_its_provider(plan: Plan) -> None:
    answer = plan(
        "class Provider(pulumi.ProviderResource):\n"
        '    def __init__(self): super().__init__("test", "mine", {"url": "x"})\n'
        'Group("g", Opts(providers=[Provider()]))\nThing("outside")'
    )
    assert resource(answer, "g", "Thing")["provider"].startswith(resource(answer, "mine")["urn"] + "::")
    assert resource(answer, "g", "Group")["provider"] == ""
    assert "::default::" in resource(answer, "outside")["provider"]


def test_a_provider_of_another_package_is_not_inherited(plan: Plan) -> None:
    answer = plan(
        'class Provider(pulumi.ProviderResource):\n    def __init__(self): super().__init__("other", "mine", {})\n'
        'Group("g", Opts(providers=[Provider()]))'
    )
    assert "pulumi:providers:test::default" in resource(answer, "g", "Thing")["provider"]


def test_a_default_provider_has_the_packages_config_and_version(plan: Plan) -> None:
    answer = plan(
        "import pulumi_aws as aws\naws.s3.Bucket('b')",
        config={"aws:region": "eu-west-1", "aws:token": "[secret:aws:token]", "acme:x": "1"},
        secret_keys=["aws:token"],
    )
    [provider] = [it for it in answer["resources"] if it["type"] == "pulumi:providers:aws"]
    version = provider["inputs"].pop("version")
    assert provider["name"] == "default_" + version.replace(".", "_")
    assert provider["inputs"] == {"region": "eu-west-1", "token": {"$secret": True}, "__internal": {}}
    assert provider["parent"] == ""
    assert not answer["findings"]


def test_a_denied_default_provider_is_refused(fail: Plan) -> None:
    error = fail('Thing("t")', config={"pulumi:disable-default-providers": '["test"]'})
    assert error["message"].endswith(
        "Default provider for 'test' disabled. 'test:index:Thing' must use an explicit provider."
    )


def test_options_are_told_by_the_engines_names(plan: Plan) -> None:
    answer = plan(
        'a = Thing("a")\nThing("b", Opts(ignore_changes=["x"], replace_on_changes=["y"], delete_before_replace=False, '
        'deleted_with=a, additional_secret_outputs=["made"], import_="i-1", aliases=[pulumi.Alias(name="old")], '
        'custom_timeouts=pulumi.CustomTimeouts(create="1h30m", delete="90s")))'
    )
    b = resource(answer, "b")
    assert {key: b[key] for key in b.keys() - resource(answer, "a").keys()} == {
        "ignoreChanges": ["x"],
        "replaceOnChanges": ["y"],
        "deleteBeforeReplace": False,
        "deletedWith": resource(answer, "a")["urn"],
        "additionalSecretOutputs": ["made"],
        "importId": "i-1",
        "aliases": [{"name": "old"}],
        "customTimeouts": {"create": 5400, "delete": 90},
    }


def test_the_sdks_own_type_aliases_are_not_shown(plan: Plan) -> None:
    answer = plan("import pulumi_aws as aws\naws.s3.Bucket('b', opts=Opts(aliases=[pulumi.Alias(name='old')]))")
    assert resource(answer, "b")["aliases"] == [{"name": "old"}]


def test_a_resource_that_is_read_is_external(plan: Plan) -> None:
    answer = plan("import pulumi_aws as aws\npulumi.export('arn', aws.s3.Bucket.get('b', 'theirs').arn)")
    assert resource(answer, "b")["external"] is True
    assert resource(answer, "b")["id"] == "theirs"
    assert answer["outputs"] == {"arn": {"$unknown": True}}


def test_a_transform_changes_inputs_and_options_of_the_resource_and_its_children(plan: Plan) -> None:
    answer = plan(
        "def tag(args):\n"
        "    args.opts.protect = True\n"
        "    return pulumi.ResourceTransformResult({**args.props, 'tag': 'own'}, args.opts)\n"
        "a = Thing('a', Opts(transforms=[tag]), of=Thing('base').made)\nThing('child', Opts(parent=a))\nThing('other')"
    )
    assert resource(answer, "a")["inputs"] == {"of": {"$unknown": True}, "tag": "own"}
    assert resource(answer, "a")["protect"] is True
    assert resource(answer, "a")["dependencies"] == [resource(answer, "base")["urn"]]
    assert resource(answer, "child")["inputs"] == {"tag": "own"}
    assert resource(answer, "other")["inputs"] == {}


def test_a_transform_that_changes_nothing_loses_no_dependency(plan: Plan) -> None:
    answer = plan("Thing('a', Opts(transforms=[lambda args: None]), of=Thing('base').made, plain=1)")
    assert resource(answer, "a")["inputs"] == {"of": {"$unknown": True}, "plain": 1}
    assert resource(answer, "a")["propertyDependencies"] == {"of": [resource(answer, "base")["urn"]]}


def test_a_transform_of_the_stack_changes_every_resource(plan: Plan) -> None:
    answer = plan(
        "def tag(args): return pulumi.ResourceTransformResult({**args.props, 'tag': 'all'}, args.opts)\n"
        "pulumi.runtime.register_resource_transform(tag)\nThing('a', secret=Output.secret('s'))\nGroup('g')"
    )
    assert resource(answer, "a")["inputs"] == {"secret": {"$secret": True}, "tag": "all"}
    assert resource(answer, "g", "Thing")["inputs"] == {"tag": "all"}


def test_the_order_is_parents_and_dependencies_first_and_always_the_same(plan: Plan) -> None:
    program = (
        'last = Thing("a-last", of=Thing("z-first").made)\n'
        'for n in range(20): Thing(f"t{n}", Opts(parent=last), many={"b": 1, "a": [n]})'
    )
    answers = [plan(program) for _ in range(3)]
    order = [it["name"] for it in answers[0]["resources"]]
    assert order.index("z-first") < order.index("a-last") < order.index("t0") < order.index("t1") < order.index("t10")
    assert len({json.dumps(answer["resources"]) for answer in answers}) == 1


def test_a_duplicate_name_is_refused_where_it_is_given(fail: Plan) -> None:
    error = fail('Thing("t")\nThing("t")')
    urn = "urn:pulumi:dev::acme::test:index:Thing::t"
    assert error["message"] == f"test:index:Thing 't': Duplicate resource URN '{urn}'; try giving it a unique name"
    assert error["source"] in ("__main__.py:4", "__main__.py:5")  # either may have come first


def test_a_remote_component_is_listed_as_not_checked(plan: Plan) -> None:
    answer = plan(
        "class Chart(pulumi.ComponentResource):\n    made: Output[str]\n"
        "    def __init__(self): super().__init__('test:index:Chart', 'c', {'made': None, 'x': 1}, None, True)\n"
        "pulumi.export('made', Chart().made)"
    )
    assert resource(answer, "c")["remote"] is True
    assert answer["outputs"] == {"made": {"$unknown": True}}
    assert "test:index:Chart: a remote component, whose provider would make its children" in answer["unchecked"]


def test_resources_made_in_an_apply_appear_in_the_deep_pass_only(plan: Plan) -> None:
    program = 'Thing("a").id.apply(lambda _: Thing("late"))'
    assert "late" not in {it["name"] for it in plan(program)["resources"]}
    assert "late" in {it["name"] for it in plan(program, "deep")["resources"]}


def test_everything_in_a_cluster_that_does_not_exist_yet_is_unknown(plan: Plan) -> None:
    program = (
        "import pulumi_kubernetes as k8s\n"
        "provider = k8s.Provider('p', kubeconfig=Thing('cluster').made)\n"
        "ns = k8s.core.v1.Namespace('ns', metadata={'name': 'ml'}, opts=Opts(provider=provider))\n"
        "pulumi.export('name', ns.metadata['name'])"
    )
    assert plan(program)["outputs"] == {"name": {"$unknown": True}}
    assert plan(program, "deep")["outputs"] == {"name": "ml"}
    assert resource(plan(program), "p")["inputs"]["kubeconfig"] == {"$unknown": True}
